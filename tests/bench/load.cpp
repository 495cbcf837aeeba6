// The load generator, and the measuring at the broker's side. One JSON object on stdout.
//   bench-load topics   [--keep-commands]           all topics anew and empty
//   bench-load commands --count N [--json] [--zipf] [--rate R]
//   bench-load orders   --count N [--ship]          whole orders: created and paid; or shipped
//   bench-load events   --count N [--results] [--zipf]   what those commands lead to, for the read side alone
//   bench-load shop     --count N [--results] [--skip N]   what whole orders lead to, of every kind
//   bench-load wait     --topic T --count N         until the topic holds N records and stands still
//   bench-load count    --topic T --count N         reads it: records, first and last time stamp
//   bench-load latency  --rate R --seconds S [--read-port P]
//   bench-load answer   --first N                   sends command N, says so, and when its result was there
#include <chrono>
#include <iostream>
#include <map>
#include <thread>

#include "admin.h"
#include "client.h"
#include "common/options/options.h"
#include "latency.h"
#include "order_commands.h"
#include "shop_events.h"
#include "topics.h"
#include "workload.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* verbs = "topics, commands, orders, events, shop, wait, count, latency or answer";

struct Settings {
  std::string verb, topic = "allocation.events";
  std::uint64_t count = 0, first = 0, skip = 0;
  bool keep_commands = false, results = false, ship = false;
  int still_ms = 1'000, timeout_s = 300;
  LatencyOptions latency;  // brokers, rate and workload too
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Output {
 public:
  Output(const Settings& s) : producer_(make_producer(settings(s))) {}
  ~Output() { flush(); }

  Topic topic(const char* name) { return Topic{rd_kafka_topic_new(producer_.get(), name, nullptr)}; }
  void send(const Topic& topic, const Record& record) {
    produce(producer_.get(), {topic.get(), RD_KAFKA_PARTITION_UA, record.key, record.value, record.headers});
    if (++sent_ % 1'000 == 0) rd_kafka_poll(producer_.get(), 0);
  }
  void send_one(const Record& record) {
    send(topic("allocation.commands"), record);
    flush();
  }
  void flush() { rd_kafka_flush(producer_.get(), 120'000); }

 private:
  static kafka::Config settings(const Settings& s) {
    auto settings = sender_settings(s.latency.brokers);
    settings["linger.ms"] = "20";
    settings["batch.size"] = "1000000";
    return settings;
  }
  const Client producer_;
  std::uint64_t sent_ = 0;
};

void send_commands(const Settings& s) {
  Workload workload{s.latency.workload};
  Output output{s};
  const auto topic = output.topic("allocation.commands");
  for (int sku = 0; sku < workload.skus() && s.first == 0; ++sku) output.send(topic, workload.create_batch(sku));
  output.flush();
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < s.count; ++i) {
    if (s.latency.rate > 0)
      std::this_thread::sleep_until(
          start + std::chrono::nanoseconds{static_cast<std::int64_t>(1e9 * static_cast<double>(i) / s.latency.rate)});
    output.send(topic, workload.allocate(s.first + i));
  }
  output.flush();
  std::cout << "{\"sent\": " << s.count << ", \"batches\": " << workload.skus()
            << ", \"seconds\": " << seconds_since(start) << "}\n";
}

void send_orders(const Settings& s) {
  OrderCommands orders{s.latency.workload.skus};
  Output output{s};
  const auto topic = output.topic("ordering.commands");
  for (std::uint64_t number = 0; number < s.count; ++number) {
    if (s.ship) {
      output.send(topic, orders.ship(number));
    } else {
      output.send(topic, orders.create(number));
      output.send(topic, orders.pay(number));
    }
  }
}

void send_events(const Settings& s) {
  Workload workload{s.latency.workload};
  Output output{s};
  const auto events = output.topic("allocation.events"), results = output.topic("command.results");
  const auto start = Clock::now();
  for (int sku = 0; sku < workload.skus(); ++sku) output.send(events, workload.batch_created(sku));
  for (std::uint64_t i = 0; i < s.count; ++i) {
    output.send(events, workload.allocated(i));
    if (s.results) output.send(results, workload.result_of_last());
  }
  output.flush();
  std::cout << "{\"sent\": " << s.count << ", \"batches\": " << workload.skus()
            << ", \"seconds\": " << seconds_since(start) << "}\n";
}

void send_shop(const Settings& s) {
  ShopEvents shop{s.latency.workload};
  Output output{s};
  std::map<std::string, Topic> topics;
  std::map<std::string, std::uint64_t> sent;
  std::uint64_t left_out = s.skip + (s.skip > 0 ? static_cast<std::uint64_t>(s.latency.workload.skus) : 0);
  const auto send = [&](const Published& one) {
    if (left_out > 0) return void(--left_out);
    auto& topic = topics[one.topic];
    if (!topic) topic = output.topic(one.topic);
    output.send(topic, one.record);
    ++sent[one.topic];
  };
  for (int sku = 0; sku < s.latency.workload.skus; ++sku) send(shop.batch_created(sku));
  for (std::uint64_t i = 0; i < s.skip; ++i) send(shop.next());
  for (std::uint64_t i = 0; i < s.count; ++i) {
    send(shop.next());
    if (s.results) send(shop.result_of_last());
  }
  output.flush();
  std::cout << '{';
  for (const char* comma = ""; const auto& [topic, count] : sent) {
    std::cout << std::exchange(comma, ", ") << '"' << topic << "\": " << count;
  }
  std::cout << "}\n";
}

void count(const Settings& s) {
  std::vector<kafka::Position> from;
  for (std::int32_t p = 0; p < s.latency.workload.partitions; ++p)
    from.push_back({s.topic, p, RD_KAFKA_OFFSET_BEGINNING});
  Follower follower{s.latency.brokers, from};
  std::vector<rd_kafka_message_t*> messages;
  std::uint64_t records = 0;
  std::int64_t first_ms = INT64_MAX, last_ms = 0;
  for (auto last = Clock::now(); records < s.count ? seconds_since(last) < 10 : seconds_since(last) < 0.5;) {
    follower.poll(messages, 10'000, 100);
    if (!messages.empty()) last = Clock::now();
    records += messages.size();
    for (auto* message : messages) {
      rd_kafka_timestamp_type_t type{};
      const auto at = rd_kafka_message_timestamp(message, &type);
      first_ms = std::min(first_ms, at);
      last_ms = std::max(last_ms, at);
      rd_kafka_message_destroy(message);
    }
  }
  std::cout << "{\"records\": " << records << ", \"first_ms\": " << first_ms << ", \"last_ms\": " << last_ms << "}\n";
}

void print(const char* name, const std::vector<double>& ms) {
  std::cout << ", \"" << name << "\": {\"count\": " << ms.size();
  if (!ms.empty()) {
    for (const auto& [label, share] : {std::pair{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}, {"max_ms", 1.0}}) {
      std::cout << ", \"" << label << "\": " << quantile(ms, share);
    }
  }
  std::cout << '}';
}

void latency(const Settings& s) {
  const auto found = measure_latency(s.latency);
  std::cout << "{\"rate\": " << s.latency.rate << ", \"sent\": " << found.sent
            << ", \"sender_late_p99_ms\": " << found.late_ms_p99;
  print("result", found.result);
  print("visible", found.visible);
  std::cout << "}\n";
}

// Sends one command; returns once its result is there.
void answer(const Settings& s) {
  std::vector<kafka::Position> from;
  for (std::int32_t p = 0; p < s.latency.workload.partitions; ++p)
    from.push_back({std::string{topics::command_results}, p, RD_KAFKA_OFFSET_END});
  Follower follower{s.latency.brokers, from};
  Workload workload{s.latency.workload};
  const Record command = workload.allocate(s.first);
  const std::string id{command.id};
  bool sent = false;
  std::vector<rd_kafka_message_t*> messages;
  for (bool answered = false; !answered;) {
    follower.poll(messages, 10'000, sent ? 100 : 300);  // the first one makes sure of where the topic ends
    for (auto* message : messages) {
      answered = answered || std::string_view{static_cast<const char*>(message->key), message->key_len} == id;
      rd_kafka_message_destroy(message);
    }
    if (!sent) Output{s}.send_one(command);
    if (!std::exchange(sent, true)) std::cout << "{\"sent\": 1}" << std::endl;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::cout << "{\"answered_ms\": " << std::chrono::duration_cast<std::chrono::milliseconds>(now).count() << "}\n";
}

void run(const Settings& s) {
  const auto& brokers = s.latency.brokers;
  const auto partitions = s.latency.workload.partitions;
  if (s.verb == "topics") {
    reset_topics(brokers, partitions, s.keep_commands);
  } else if (s.verb == "commands") {
    send_commands(s);
  } else if (s.verb == "orders") {
    send_orders(s);
  } else if (s.verb == "events") {
    send_events(s);
  } else if (s.verb == "shop") {
    send_shop(s);
  } else if (s.verb == "wait") {
    std::cout << "{\"end\": "
              << wait_for_end(brokers, s.topic, partitions, static_cast<std::int64_t>(s.count), s.still_ms, s.timeout_s)
              << "}\n";
  } else if (s.verb == "count") {
    count(s);
  } else if (s.verb == "latency") {
    latency(s);
  } else if (s.verb == "answer") {
    answer(s);
  } else {
    throw std::invalid_argument{std::string{verbs} + " wanted, not " + s.verb};
  }
}

bool parse(int argc, char** argv, Settings& s) {
  auto& l = s.latency;
  l.rate = 0;
  options::Parser parser{"bench-load", "sends the bench's commands and measures at the broker's side"};
  parser.positional("verb", 1);
  parser.add()("verb", po::value(&s.verb)->required(), verbs)(
      "brokers", po::value(&l.brokers)->required(), "Kafka's bootstrap servers")(
      "partitions", po::value(&l.workload.partitions)->default_value(4), "of every topic")(
      "count", po::value(&s.count)->default_value(100'000), "commands, events or records")(
      "first", po::value(&s.first)->default_value(0), "the first command's number; from 1 on no batches are made")(
      "skus", po::value(&l.workload.skus)->default_value(1'000), "products, each with one batch")(
      "zipf", po::bool_switch(&l.workload.zipf), "Zipf's law over the skus instead of all alike")(
      "json", po::bool_switch(&l.workload.json), "commands as JSON instead of Protobuf")(
      "keep-commands", po::bool_switch(&s.keep_commands), "topics: leave the command topics as they are")(
      "ship", po::bool_switch(&s.ship), "orders: ship those that were created and paid before")(
      "results", po::bool_switch(&s.results), "events, shop: the commands' results too")(
      "skip", po::value(&s.skip)->default_value(0), "shop: go on behind so many events that were sent before")(
      "topic", po::value(&s.topic)->default_value(s.topic), "wait, count: which one")(
      "still-ms", po::value(&s.still_ms)->default_value(s.still_ms), "wait: how long nothing must come")(
      "timeout-s", po::value(&s.timeout_s)->default_value(s.timeout_s), "wait: give up after")(
      "rate", po::value(&l.rate)->default_value(0), "commands per second; 0: as fast as it goes")(
      "seconds", po::value(&l.seconds)->default_value(l.seconds), "latency: of measuring")(
      "warm-up-seconds", po::value(&l.warm_up_seconds)->default_value(l.warm_up_seconds), "latency: before it")(
      "read-port", po::value(&l.read_port)->default_value(0), "latency: of the read service; 0: no rows are watched");
  if (!parser.parse(argc, argv, options::environment())) return false;
  if (s.verb == "latency" && l.rate <= 0) throw std::invalid_argument{"latency wants a --rate"};
  return true;
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  orderly::bench::Settings settings;
  if (!orderly::bench::parse(argc, argv, settings)) return 0;
  orderly::bench::run(settings);
  return 0;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench-load: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench-load: " << error.what() << '\n';
  return 1;
}
