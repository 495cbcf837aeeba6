#include "reactions/notifications.h"

#include <numeric>
#include <thread>

#include "reactions/notifications_mails.h"
#include "topics.h"

namespace orderly::reactions {
namespace {

using subscription::Delivery;
using subscription::Follower;
using subscription::Outcome;

Follower::Partitions partitions_of(std::int32_t all, std::vector<std::int32_t> listed) {
  if (listed.empty()) {
    listed.resize(static_cast<std::size_t>(all));
    std::iota(listed.begin(), listed.end(), 0);
  }
  std::erase_if(listed, [all](std::int32_t partition) { return partition >= all; });
  return {all, std::move(listed)};
}

subscription::Handler mailing(const Notification& notification, const Notifications::Options& options,
                              const Clock& clock) {
  return [&notification, &clock, client = std::make_shared<SmtpClient>(options.smtp), addresses = options.addresses,
          words = load_template(notification, options.templates)](const kafka::Message& event,
                                                                  const std::stop_token& stop) {
    const auto mail = mail_for(notification, words, event);
    if (!mail) return Outcome{Outcome::Kind::give_up, "the event's bytes are no " + notification.type};
    return client->send(compose(*mail, addresses, clock.now()), addresses, stop);
  };
}

Follower::Options follower_options(const Notification& notification, const Notifications::Options& options) {
  Delivery::Options delivery{
      .name = notification.name,
      .types = {notification.type},
      .dead_letter_topic = std::string{topics::dead_letters},
      .dead_letter_reason = "NOTIFICATION_FAILED",
      .max_tries = options.max_tries,
      .back_off = options.back_off,
      .breaker = options.breaker,
      .max_age = options.max_age,
  };
  return {.directory = options.directory, .topics = {notification.topic}, .delivery = std::move(delivery)};
}

}  // namespace

Notifications::Notifications(const Options& options, const Ports& ports, prometheus::Registry& registry,
                             const log::Logger& log) {
  std::uint64_t seed = ports.seed;
  for (const auto& notification : notifications()) {
    const auto& name = notification.name;
    Delivery::Ports delivery{[make = ports.dead_letters, name] { return make(name); }, ports.clock, ports.ticks,
                             std::mt19937_64{seed++}, ports.tracer};
    Follower::Ports to_broker{
        [count = ports.partition_count, shards = options.shards] { return partitions_of(count(), shards); },
        [make = ports.source, name] { return make(name); }, std::move(delivery)};
    followers_.push_back(std::make_unique<Follower>(follower_options(notification, options), std::move(to_broker),
                                                    mailing(notification, options, ports.clock), registry,
                                                    log.module("notifications")));
  }
}

void Notifications::start() {
  for (const auto& follower : followers_) follower->start();
}

void Notifications::stop() {
  std::vector<std::jthread> stopping;  // all at once: each may have a mail under way
  for (const auto& follower : followers_) stopping.emplace_back([&follower] { follower->stop(); });
}

std::vector<Notifications::Health> Notifications::health() const {
  std::vector<Health> parts;
  for (const auto& follower : followers_) parts.push_back({"notification " + follower->name(), follower->trouble()});
  return parts;
}

}  // namespace orderly::reactions
