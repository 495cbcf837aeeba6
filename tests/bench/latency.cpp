#include "latency.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <thread>

#include "client.h"
#include "row_watcher.h"

namespace orderly::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// When each command was sent, and what came of it; nanoseconds, 0: not yet. Each place has one writer.
class Times {
 public:
  explicit Times(std::size_t count) : sent_(count), result_(count), visible_(count) {}
  void sent(std::uint64_t i) { sent_.at(i).store(now()); }
  void result(std::uint64_t i) { note(result_, i); }
  void visible(std::uint64_t i) { note(visible_, i); }

  // Milliseconds from sending, of the commands from `first` on that have come through.
  std::vector<double> results(std::size_t first) const { return waits(result_, first); }
  std::vector<double> rows(std::size_t first) const { return waits(visible_, first); }
  bool have_all(bool with_rows) const {
    const auto is_set = [](const std::atomic<std::int64_t>& time) { return time.load() != 0; };
    return std::ranges::all_of(result_, is_set) && (!with_rows || std::ranges::all_of(visible_, is_set));
  }

 private:
  using Column = std::vector<std::atomic<std::int64_t>>;
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
  }
  static void note(Column& column, std::uint64_t i) {
    if (i < column.size() && column[i].load() == 0) column[i].store(now());
  }
  std::vector<double> waits(const Column& column, std::size_t first) const {
    std::vector<double> ms;
    for (std::size_t i = first; i < column.size(); ++i) {
      if (column[i].load() != 0) ms.push_back(static_cast<double>(column[i].load() - sent_[i].load()) / 1e6);
    }
    std::ranges::sort(ms);
    return ms;
  }
  Column sent_, result_, visible_;
};

class Sender {
 public:
  explicit Sender(const LatencyOptions& options)
      : options_(options), workload_(options.workload), producer_(make_producer(settings(options))) {}

  void send_batches() {
    for (int sku = 0; sku < workload_.skus(); ++sku) send(workload_.create_batch(sku));
    if (rd_kafka_flush(producer_.get(), 30'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error{"the broker takes no commands"};
  }
  void send_allocate(std::uint64_t number) { send(workload_.allocate(number)); }
  void poll() { rd_kafka_poll(producer_.get(), 0); }

 private:
  static kafka::Config settings(const LatencyOptions& options) {
    auto settings = sender_settings(options.brokers);
    settings["linger.ms"] = "0";
    return settings;
  }
  void send(const Record& record) {
    produce(producer_.get(), {topic_.get(), RD_KAFKA_PARTITION_UA, record.key, record.value, record.headers});
  }

  const LatencyOptions& options_;
  Workload workload_;
  const Client producer_;
  const Topic topic_{rd_kafka_topic_new(producer_.get(), "allocation.commands", nullptr)};
};

void follow_results(const std::stop_token& stop, const LatencyOptions& options, Times& times,
                    std::atomic<bool>& ready) {
  std::vector<kafka::Position> from;
  for (std::int32_t p = 0; p < options.workload.partitions; ++p)
    from.push_back({"command.results", p, RD_KAFKA_OFFSET_BEGINNING});
  Follower follower{options.brokers, from};
  std::vector<rd_kafka_message_t*> messages;
  while (!stop.stop_requested()) {
    follower.poll(messages, 1'000, 50);
    for (auto* message : messages) {
      times.result(Workload::number_in({static_cast<const char*>(message->key), message->key_len}));
      ready.store(true);
      rd_kafka_message_destroy(message);
    }
  }
}

template <class Condition>
void wait_until(Condition condition, std::chrono::seconds most) {
  for (const auto deadline = Clock::now() + most; !condition() && Clock::now() < deadline;)
    std::this_thread::sleep_for(20ms);
}

}  // namespace

Latencies measure_latency(const LatencyOptions& options) {
  const auto warm_up = static_cast<std::size_t>(std::lround(options.rate * options.warm_up_seconds));
  const auto count = warm_up + static_cast<std::size_t>(std::lround(options.rate * options.seconds));
  Times times{count};
  std::atomic<bool> answered = false;
  std::unique_ptr<RowWatcher> rows;
  if (options.read_port != 0) {
    rows = std::make_unique<RowWatcher>(options.read_host, options.read_port,
                                        [&](std::uint64_t number, auto) { times.visible(number); });
  }
  std::jthread results{[&](const std::stop_token& stop) { follow_results(stop, options, times, answered); }};
  Sender sender{options};
  sender.send_batches();
  wait_until([&] { return answered.load(); }, 60s);  // the system has come to life
  if (!answered.load()) throw std::runtime_error{"no result within 60 s"};
  std::this_thread::sleep_for(1s);  // the other batches' results too: the measured part begins with an idle system

  std::vector<double> late_ms;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    const auto due = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(static_cast<double>(i) / options.rate));
    std::this_thread::sleep_until(due);
    late_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
    times.sent(i);
    sender.send_allocate(i);
    if (rows) rows->watch(i);
    sender.poll();
  }
  wait_until([&] { return times.have_all(rows != nullptr); }, 15s);
  std::ranges::sort(late_ms);
  return {times.results(warm_up), times.rows(warm_up), count - warm_up, quantile(late_ms, 0.99)};
}

double quantile(const std::vector<double>& ascending, double share) {
  if (ascending.empty()) return std::nan("");
  return ascending[std::min(ascending.size() - 1,
                            static_cast<std::size_t>(share * static_cast<double>(ascending.size())))];
}

}  // namespace orderly::bench
