// Mails for events (see notifications_mails.h): each notification follows its topic on a thread, a checkpoint and a
// circuit breaker of its own, apart from the shards, so that no command ever waits for a mail server. Threads: start
// and stop from one; health() from any. Failures stay inside: tried again, then dead letters with the reason
// NOTIFICATION_FAILED; counted in orderly_subscription_* and told by health().
//
// At least once: after a crash a mail may come twice, with the same Message-ID, but none is missing. The first start
// reads from the beginning, and makes no mail for what is older than max_age.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/subscription/follower.h"
#include "reactions/mail_smtp.h"
#include "reactions/mail_template.h"

namespace orderly::reactions {

class Notifications {
 public:
  struct Options {
    std::filesystem::path directory;   // of the checkpoints
    std::vector<std::int32_t> shards;  // whose events; empty: all
    SmtpClient::Options smtp;
    MailAddresses addresses;
    std::filesystem::path templates = {};  // empty: the built-in ones
    int max_tries = 8;
    std::chrono::milliseconds max_age = std::chrono::hours{24};
    subscription::BackOff back_off = {};
    subscription::CircuitBreaker::Options breaker = {};
  };
  struct Ports {
    std::function<std::int32_t()> partition_count;  // of every topic; throws kafka::Error for as long as unknown
    std::function<std::unique_ptr<kafka::MessageSource>(const std::string& subscription)> source;
    std::function<std::unique_ptr<kafka::Publisher>(const std::string& subscription)> dead_letters;
    const Clock& clock;
    std::function<std::chrono::steady_clock::time_point()> ticks;
    std::uint64_t seed;                       // of the back-off's jitter
    const tracing::Tracer* tracer = nullptr;  // null: nothing is recorded
  };

  // Throws std::invalid_argument for a template that cannot be used.
  Notifications(const Options& options, const Ports& ports, prometheus::Registry& registry, const log::Logger& log);

  void start();
  void stop();  // within four seconds, whatever the mail server does; a partition_count() under way is waited for

  struct Health {
    std::string name;
    std::optional<std::string> trouble;  // mails wait, commands do not
  };
  std::vector<Health> health() const;

 private:
  std::vector<std::unique_ptr<subscription::Follower>> followers_;
};

}  // namespace orderly::reactions
