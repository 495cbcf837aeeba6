// Follows partitions of some topics for one subscription, with a checkpoint, a thread and a circuit breaker of its own,
// so that subscriptions fail independently. Threads: start and stop from one, trouble() from any; step() is the
// thread's, or a test's in its place. Failures stay inside: a broker, a store or a handler that fails is waited for and
// tried again.
//
// At least once: the checkpoint moves when the handler, or the dead-letters topic, has the record, and is written
// before the next record is touched; a crash between the two repeats one record. Records are handled in the order they
// are polled in. The first start follows from the beginning; Delivery passes over what is too old.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "common/file_lock/file_lock.h"
#include "common/kafka/lag_seconds.h"
#include "common/subscription/checkpoints.h"
#include "common/subscription/delivery.h"

namespace orderly::subscription {

class Follower {
 public:
  struct Options {
    std::filesystem::path directory;  // of subscription-NAME.db and its lock files
    std::vector<std::string> topics;
    Delivery::Options delivery;
    std::size_t max_batch = 500;
    BackOff own_failures{std::chrono::milliseconds{250}, std::chrono::seconds{10}};  // of broker and store
  };
  struct Partitions {
    std::int32_t all = 0;                // of every topic, the dead letters' too
    std::vector<std::int32_t> followed;  // by this process; a partition belongs to one process at a time
  };
  struct Ports {
    std::function<Partitions()> partitions;  // throws kafka::Error for as long as they are not known
    std::function<std::unique_ptr<kafka::MessageSource>()> source;
    Delivery::Ports delivery;
  };

  Follower(Options options, Ports ports, Handler handler, prometheus::Registry& registry, const log::Logger& log);
  ~Follower();

  void start();
  void stop();  // returns when the handler has let go; what it had finished is in the checkpoint

  const std::string& name() const { return options_.delivery.name; }
  std::optional<std::string> trouble() const;  // why records wait, also before the first start

  // One round: polls when nothing is at hand, handles what it can. Gives how long to wait before the next one.
  std::chrono::milliseconds step(const std::stop_token& stop);

 private:
  struct Open;
  std::chrono::milliseconds round(const std::stop_token& stop);
  void open();
  void take_batch();
  std::chrono::milliseconds work_off(const std::stop_token& stop);
  void show_lag();
  void advance(const kafka::Message& record);
  void save();
  std::chrono::milliseconds failed(const std::string& reason);
  void start_over();
  void set_trouble(std::optional<std::string> trouble);

  const Options options_;
  Ports ports_;
  const log::Logger log_;
  Metrics metrics_;
  Delivery delivery_;
  std::mt19937_64 random_;
  kafka::LagSeconds lag_;
  Time last_finished_{};  // the timestamp of the last record finished with
  int failures_ = 0;      // of broker and store, in a row
  std::unique_ptr<Open> open_;

  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::optional<std::string> trouble_ = "not started yet";
  std::jthread thread_;
};

}  // namespace orderly::subscription
