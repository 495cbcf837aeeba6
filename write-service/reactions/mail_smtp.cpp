#include "reactions/mail_smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace orderly::reactions {
namespace {

using subscription::Outcome;
using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned{text, curl_free};
  return text;
}

// One sending, as libcurl's callbacks see it.
struct Sending {
  std::string_view rest;
  const std::stop_token& stop;
  std::chrono::milliseconds grace;
  std::chrono::steady_clock::time_point deadline;
  bool stopping = false;

  static std::size_t read(char* to, std::size_t size, std::size_t count, void* self) {
    auto& rest = static_cast<Sending*>(self)->rest;
    const auto taken = std::min(size * count, rest.size());
    std::memcpy(to, rest.data(), taken);
    rest.remove_prefix(taken);
    return taken;
  }

  // libcurl calls this at least once a second; anything but 0 ends the sending. The deadline is kept here, since
  // libcurl's own time-outs leave out the farewell to a server that hangs.
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& sending = *static_cast<Sending*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (!sending.stopping && sending.stop.stop_requested()) {
      sending.stopping = true;
      sending.deadline = std::min(sending.deadline, now + sending.grace);
    }
    return now >= sending.deadline ? 1 : 0;
  }
};

template <class Value>
void set(const Easy& curl, CURLoption option, Value value) {
  const auto code = curl_easy_setopt(curl.get(), option, value);
  if (code != CURLE_OK) throw std::runtime_error{std::string{"libcurl refuses a setting: "} + curl_easy_strerror(code)};
}

// With a password TLS is a must, but on this machine; without one it is as with every mail server: taken where it is
// offered, whoever's certificate it is (RFC 7435). smtps:// is always verified.
void set_security(const Easy& curl, const SmtpServer& server, const std::filesystem::path& ca_file) {
  const bool login = !server.user.empty();
  const bool verified = server.url.starts_with("smtps:") || (login && !server.on_this_machine);
  set(curl, CURLOPT_USE_SSL, static_cast<long>(login && !server.on_this_machine ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  set(curl, CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
  set(curl, CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
  if (!ca_file.empty()) set(curl, CURLOPT_CAINFO, ca_file.c_str());
  if (login) {
    set(curl, CURLOPT_USERNAME, server.user.c_str());
    set(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
}

// 5xx to MAIL, RCPT or DATA comes as a send error, to the message itself as a weird reply. A 5xx greeting, a weird
// reply before any byte of the message, is about the server as a whole and may pass; so is a refused login.
bool refused_for_good(CURLcode code, long answer, bool message_sent) {
  return answer >= 500 && answer < 600 &&
         (code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && message_sent));
}

Outcome outcome_of(const Easy& curl, CURLcode code, const char* detail, bool message_sent) {
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  const std::string text = detail[0] == '\0' ? curl_easy_strerror(code) : detail;
  const std::string last = answer == 0 ? "" : " (the server's last answer: " + std::to_string(answer) + ')';
  return {refused_for_good(code, answer, message_sent) ? Outcome::Kind::give_up : Outcome::Kind::retry,
          "SMTP: " + text + last};
}

}  // namespace

SmtpServer SmtpServer::parse(const std::string& text) {
  const std::invalid_argument wrong{"wanted smtp://[user:password@]host[:port] or smtps://… (the value is not shown)"};
  const Url url{curl_url(), curl_url_cleanup};
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) throw wrong;
  const auto scheme = part(url.get(), CURLUPART_SCHEME, 0), host = part(url.get(), CURLUPART_HOST, 0);
  if ((scheme != "smtp" && scheme != "smtps") || host.empty()) throw wrong;
  SmtpServer server;
  server.user = part(url.get(), CURLUPART_USER, CURLU_URLDECODE);
  server.password = part(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  for (const auto secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS})
    curl_url_set(url.get(), secret, nullptr, 0);
  server.url = part(url.get(), CURLUPART_URL, 0);
  server.on_this_machine = host == "localhost" || host == "[::1]" ||
                           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
  return server;
}

SmtpClient::SmtpClient(Options options) : options_(std::move(options)) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw std::runtime_error{std::string{"libcurl does not start: "} + curl_easy_strerror(ready)};
}

Outcome SmtpClient::send(const std::string& message, const MailAddresses& addresses,
                         const std::stop_token& stop) const {
  const Easy curl{curl_easy_init(), curl_easy_cleanup};
  if (!curl) return {Outcome::Kind::retry, "SMTP: libcurl has no memory"};
  List recipients{nullptr, curl_slist_free_all};
  for (const auto& address : addresses.to) {
    recipients.reset(curl_slist_append(recipients.release(), ('<' + address + '>').c_str()));
  }
  Sending sending{message, stop, options_.grace_at_stop, std::chrono::steady_clock::now() + options_.timeout};
  std::array<char, CURL_ERROR_SIZE> detail{};
  set(curl, CURLOPT_URL, options_.server.url.c_str());
  set(curl, CURLOPT_ERRORBUFFER, detail.data());
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs is not waited for at a stop
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  set(curl, CURLOPT_FORBID_REUSE, 1L);  // the farewell belongs to this call, with its deadline
  set(curl, CURLOPT_MAIL_FROM, ('<' + addresses.from + '>').c_str());
  set(curl, CURLOPT_MAIL_RCPT, recipients.get());
  set(curl, CURLOPT_UPLOAD, 1L);
  set(curl, CURLOPT_READFUNCTION, &Sending::read);
  set(curl, CURLOPT_READDATA, static_cast<void*>(&sending));
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, &Sending::progress);
  set(curl, CURLOPT_XFERINFODATA, static_cast<void*>(&sending));
  set_security(curl, options_.server, options_.ca_file);
  const auto code = curl_easy_perform(curl.get());
  return outcome_of(curl, code, detail.data(), sending.rest.size() < message.size());
}

}  // namespace orderly::reactions
