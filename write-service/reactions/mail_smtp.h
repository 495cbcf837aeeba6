// Hands mails to an SMTP server, a connection each. TLS by smtps://, or by STARTTLS where the server offers it; a
// password goes only over verified TLS or to this machine itself, and into no log and no error text. Threads: any, one
// send a call. Failures: 5xx to a mail itself is for good; all else, a refused login too, may pass.
#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>

#include "common/subscription/delivery.h"
#include "reactions/mail.h"

namespace orderly::reactions {

struct SmtpServer {
  std::string url;  // without user and password
  std::string user, password;
  bool on_this_machine = false;

  // smtp://host[:port][/ehlo-name] or smtps://…, with user:password@ before the host (URL-encoded) where it wants a
  // login. Throws std::invalid_argument that does not repeat the URL.
  static SmtpServer parse(const std::string& url);
};

class SmtpClient {
 public:
  struct Options {
    SmtpServer server;
    std::filesystem::path ca_file = {};  // certificates to trust; empty: the system's
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds timeout{30'000};       // of the whole sending
    std::chrono::milliseconds grace_at_stop{1'500};  // for a mail under way, which would go twice otherwise
  };
  explicit SmtpClient(Options options);

  // Returns within the time-out, and within the grace once the token says stop.
  subscription::Outcome send(const std::string& message, const MailAddresses& addresses,
                             const std::stop_token& stop) const;

 private:
  const Options options_;
};

}  // namespace orderly::reactions
