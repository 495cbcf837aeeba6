// The composition root of the write service: reads the options, wires the parts together, waits for the end.
#include <google/protobuf/stubs/logging.h>

#include <iostream>
#include <memory>
#include <random>

#include "common/http/health.h"
#include "common/http/security_options.h"
#include "common/http/server.h"
#include "common/kafka/client_metrics.h"
#include "common/kafka/consumer.h"
#include "common/kafka/publisher.h"
#include "common/options/options.h"
#include "common/process/termination.h"
#include "common/tracing/tracing.h"
#include "reactions/notifications_options.h"
#include "write_service.h"

namespace po = boost::program_options;

namespace orderly {
namespace {

const std::vector<std::string_view> log_modules{"shard", "handling", "outbox", "notifications",
                                                "kafka", "http",     "tracing"};

struct Settings {
  std::string brokers, data, shards, delivery, log_level;
  http::ServerOptions http{.listen = "127.0.0.1:8081", .threads = 1};
  std::vector<std::string> kafka;
  std::size_t cache_mib = 0;
  std::int64_t payment_deadline_s = 0, publish_interval_ms = 0;
  std::vector<std::string> allow, role;
  std::string command_auth, command_keys, customer_keys, audit;
  std::int64_t lease_s = 0;
  tracing::Settings tracing;
  reactions::NotificationSettings notifications;
};

bool parse(int argc, char** argv, Settings& s) {
  options::Parser parser{"write-service", "consumes commands, runs the aggregates, publishes their events and results"};
  parser.add()("brokers", po::value(&s.brokers)->required()->value_name("HOST:PORT"), "Kafka's bootstrap servers")(
      "data", po::value(&s.data)->required()->value_name("DIR"), "where the shards' stores are kept")(
      "shards", po::value(&s.shards)->default_value("all"),
      "which partitions to run: all, 0-3, 1,2, or mod:1/3 for every third from 1 on")(
      "listen", po::value(&s.http.listen)->default_value(s.http.listen), "address of /healthz, /readyz and /metrics")(
      "delivery", po::value(&s.delivery)->default_value("exactly-once"), "exactly-once or at-least-once")(
      "publish-interval-ms", po::value(&s.publish_interval_ms)->default_value(15)->value_name("MS"),
      "exactly-once: a shard's Kafka transactions begin at least this far apart, unless much waits")(
      "kafka", po::value(&s.kafka)->value_name("KEY=VALUE")->composing(), "a librdkafka setting; may be repeated")(
      "cache-mib", po::value(&s.cache_mib)->default_value(256), "memory for live aggregates, over all shards")(
      "payment-deadline-s", po::value(&s.payment_deadline_s)->default_value(0)->value_name("SECONDS"),
      "an order not paid by then is cancelled; 0: never")(
      "allow", po::value(&s.allow)->value_name("PRINCIPAL=TYPES")->composing(),
      "who may send what, such as shop=ordering.v1.*; may be repeated; none: everybody may send everything")(
      "role", po::value(&s.role)->value_name("ROLE=PRINCIPALS")->composing(),
      "who has a role, for --allow role:ROLE=TYPES; may be repeated")(
      "command-auth", po::value(&s.command_auth)->default_value("off")->value_name("off|sign|required"),
      "whether principals are claims (off), or must be proved by tokens (required); sign: on the way there")(
      "command-keys", po::value(&s.command_keys)->value_name("FILE"), "the keys of principals and services, a JWK set")(
      "audit", po::value(&s.audit)->default_value("off"), "commands that leave a line in the log: off, refused or all")(
      "customer-keys", po::value(&s.customer_keys)->value_name("DIR"),
      "seal customers' ids with keys kept there, apart from --data, so that they can be forgotten")(
      "lease-s", po::value(&s.lease_s)->default_value(10)->value_name("SECONDS"),
      "a shard that another data directory's service runs is taken over when that one has been silent for so long")(
      "log-level", po::value(&s.log_level)->default_value("info"),
      "trace, debug, info, warn, error or off; of a module apart: info,outbox=debug (shard, handling, outbox, "
      "notifications, kafka, http, tracing)")(
      "otlp-url", po::value(&s.tracing.otlp_url)->value_name("URL"),
      "where spans go, by OTLP over HTTP (http://HOST:4318); without it nothing is traced")(
      "trace-ratio", po::value(&s.tracing.ratio)->default_value(0, "0"),
      "of the commands without a traceparent, how many are traced: 0 to 1");
  http::add_tls_options(parser, s.http);
  reactions::add_notification_options(parser, s.notifications);
  if (!parser.parse(argc, argv, options::environment())) return false;
  http::check_tls_options(s.http);
  return true;
}

kafka::Delivery delivery_of(const std::string& text) {
  if (text == "exactly-once") return kafka::Delivery::exactly_once;
  if (text == "at-least-once") return kafka::Delivery::at_least_once;
  throw options::OptionError{"--delivery: exactly-once or at-least-once wanted, got " + text};
}

outbox::OutboxRelay::Options relay_of(const Settings& settings, kafka::Delivery delivery) {
  outbox::OutboxRelay::Options relay;
  if (settings.publish_interval_ms < 0 || settings.publish_interval_ms > 1'000) {
    throw options::OptionError{"--publish-interval-ms: 0 to 1000 wanted"};
  }
  // Without transactions there is nothing to save.
  if (delivery == kafka::Delivery::exactly_once) {
    relay.least_interval = std::chrono::milliseconds{settings.publish_interval_ms};
  }
  return relay;
}

handling::CommandHandler::Options handling_of(const Settings& settings) {
  handling::CommandHandler::Options options;
  if (settings.payment_deadline_s < 0) throw options::OptionError{"--payment-deadline-s: 0 or more seconds wanted"};
  if (settings.payment_deadline_s > 0) {
    options.policies.payment_deadline = std::chrono::seconds{settings.payment_deadline_s};
  }
  options.authentication = handling::Authentication{settings.command_auth, settings.command_keys};
  options.authorisation = handling::Authorisation{settings.allow, settings.role};
  if (settings.audit == "refused") {
    options.audit = handling::Audit::refused;
  } else if (settings.audit == "all") {
    options.audit = handling::Audit::all;
  } else if (settings.audit != "off") {
    throw options::OptionError{"--audit: off, refused or all wanted, got " + settings.audit};
  }
  return options;
}

// Every topic must have as many partitions: an aggregate's shard is the same number in all of them.
std::int32_t common_partition_count(const kafka::Config& config, const log::Logger& log) {
  kafka::Consumer consumer{config, log};
  std::optional<std::int32_t> common;
  for (const auto& topic : topics::all(1)) {
    const auto count = consumer.partition_count(topic.name, std::chrono::seconds{5});
    if (common.value_or(count) != count) {
      throw kafka::Error{kafka::Error::Kind::transient, "topic " + topic.name + " has " + std::to_string(count) +
                                                            " partitions, others have " + std::to_string(*common)};
    }
    common = count;
  }
  return *common;
}

// What all shards together have read ahead of what is decided. librdkafka's limit in bytes counts values alone, and it
// keeps some 500 bytes beside each: hence the one in records. Of these a shard needs what it handles in the second until
// librdkafka looks again.
constexpr std::size_t ahead_records = 200'000;
constexpr std::size_t ahead_kib = 32 * 1024;

WriteService::Ports ports(const kafka::Config& config, kafka::Delivery delivery,
                          const std::shared_ptr<kafka::Ownership>& ownership, prometheus::Registry& registry,
                          const log::Logger& log) {
  const auto client = [&registry](std::int32_t shard, const char* role) {
    return std::make_shared<kafka::ClientMetrics>(registry, "shard " + std::to_string(shard) + ' ' + role);
  };
  WriteService::Ports ports;
  ports.partition_count = [=] { return common_partition_count(config, log); };
  ports.source = [=](std::int32_t shard, std::size_t shards) {
    auto reader = config;
    reader.try_emplace("queued.min.messages", std::to_string(std::max(10'000UZ, ahead_records / shards)));
    reader.try_emplace("queued.max.messages.kbytes", std::to_string(std::max(4'096UZ, ahead_kib / shards)));
    return std::make_unique<kafka::Consumer>(reader, log.with({"shard", shard}), client(shard, "commands"));
  };
  ports.publisher = [=](std::int32_t shard) {
    kafka::LibrdkafkaPublisher::Options options{
        config,   "orderly-shard-" + std::to_string(shard), outbox::watermark_group,
        delivery, ownership->of(shard),                     client(shard, "outbox")};
    return std::make_unique<kafka::LibrdkafkaPublisher>(std::move(options), log.with({"shard", shard}));
  };
  return ports;
}

reactions::Notifications::Ports notification_ports(const kafka::Config& config, const Clock& clock,
                                                   prometheus::Registry& registry, const tracing::Tracer* tracer,
                                                   const log::Logger& log) {
  auto reader = config;
  reader.try_emplace("queued.max.messages.kbytes", "4096");  // a mail is slow: there is no use in reading far ahead
  return {.partition_count = [=] { return common_partition_count(config, log); },
          .source =
              [=, &registry](const std::string& name) {
                return std::make_unique<kafka::Consumer>(
                    reader, log.with("subscription", name),
                    std::make_shared<kafka::ClientMetrics>(registry, "notification " + name));
              },
          .dead_letters =
              [=](const std::string& name) {
                kafka::LibrdkafkaPublisher::Options options{config, "", "", kafka::Delivery::at_least_once};
                return std::make_unique<kafka::LibrdkafkaPublisher>(std::move(options), log.with("subscription", name));
              },
          .clock = clock,
          .ticks = [] { return std::chrono::steady_clock::now(); },
          .seed = std::random_device{}(),
          .tracer = tracer};
}

// What waits for a mail server holds no command up, so the service is ready all the same.
std::vector<http::Readiness> readiness(const WriteService& service,
                                       const std::optional<reactions::Notifications>& mails) {
  std::vector<http::Readiness> parts;
  for (const auto& [name, trouble] : service.health()) parts.push_back({name, !trouble, trouble.value_or("")});
  if (!mails) return parts;
  for (const auto& [name, trouble] : mails->health()) parts.push_back({name, true, trouble.value_or("")});
  return parts;
}

int run(const Settings& settings, Termination& termination) {
  google::protobuf::SetLogHandler(nullptr);  // what it says of unreadable bytes is in the command's answer
  const auto log = log::Logger::to_stderr("write-service", settings.log_level, log_modules);
  auto config = options::key_values(settings.kafka, "kafka");
  config["bootstrap.servers"] = settings.brokers;
  config.emplace("group.id", "orderly-write-service");  // for lag monitors
  const auto delivery = delivery_of(settings.delivery);
  if (settings.lease_s < 1) throw options::OptionError{"--lease-s: 1 or more seconds wanted"};
  kafka::check(config);

  const auto registry = std::make_shared<prometheus::Registry>();
  const auto shards = ShardSelection::parse(settings.shards);
  const auto mail_options = reactions::notification_options(settings.notifications, settings.data, shards.listed);
  auto traced = settings.tracing;
  traced.seed = std::random_device{}();
  const auto tracing = tracing::make_tracing(traced, "write-service", settings.http.listen, *registry, log);
  const tracing::Tracer* tracer = tracing ? tracing->tracer() : nullptr;
  WriteService::Options options{
      settings.data, shards, {}, handling_of(settings), relay_of(settings, delivery), tracer};
  options.store.cache_bytes = settings.cache_mib * 1024 * 1024;
  options.store.customer_keys = settings.customer_keys;
  const SystemClock clock;
  // Any topic with as many partitions would do; this one is no lane's, so its offset is no watermark.
  const auto ownership = std::make_shared<kafka::Ownership>(settings.data, std::string{topics::dead_letters},
                                                            std::chrono::seconds{settings.lease_s});
  WriteService service{std::move(options), ports(config, delivery, ownership, *registry, log), clock, *registry, log};

  auto http = settings.http;
  http.registry = registry;
  http.tracer = tracer;
  http::Server server{std::move(http), log};
  std::optional<reactions::Notifications> mails;
  if (mail_options)
    mails.emplace(*mail_options, notification_ports(config, clock, *registry, tracer, log), *registry, log);
  http::add_health_routes(server, registry, [&] { return readiness(service, mails); });
  server.start();
  service.start();
  if (mails) mails->start();
  log.info("write-service runs",
           {{"brokers", settings.brokers}, {"data", settings.data}, {"listen", settings.http.listen}});
  log.info("write-service ends", {{"signal", termination.wait()}});
  if (mails) mails->stop();
  service.stop();
  server.stop();
  return 0;
}

}  // namespace
}  // namespace orderly

int main(int argc, char** argv) try {
  orderly::Termination termination;
  orderly::Settings settings;
  if (!orderly::parse(argc, argv, settings)) return 0;
  return orderly::run(settings, termination);
} catch (const std::invalid_argument& error) {
  std::cerr << "write-service: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "write-service: " << error.what() << '\n';
  return 1;
}
