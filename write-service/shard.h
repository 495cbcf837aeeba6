// A shard: partition s of every command topic, one thread, one store, one outbox. Takes what is ready, decides it in
// memory, commits once, hands the outbox to the relay. Holds the shard's lock, so that no second service runs it.
// Threads: run() is the shard's own, or open(), step() and close() are one's; health() from any. Failures: whatever
// breaks, the shard says why, lets everything go and opens again with back-off, from what the store says; run() returns
// when it is asked to stop, and not before.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "common/clock/clock.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"
#include "handling/command_handler.h"
#include "outbox/outbox_relay.h"
#include "shard_figures.h"
#include "shard_metrics.h"
#include "storage/unit_of_work.h"

namespace orderly {

class Shard {
 public:
  struct Options {
    storage::ShardPlace place;
    std::filesystem::path directory;
    storage::UnitOfWork::Options store;
    outbox::OutboxRelay::Options relay;
    std::size_t max_batch = 2'000;  // records of one commit
    handling::CommandHandler::Options handling;
    const tracing::Tracer* tracer = nullptr;    // null: nothing is recorded; outlives the shard
    std::chrono::milliseconds idle_wait{50};    // for a first record
    std::chrono::milliseconds retry_pause{50};  // before handling a command again, and growing
  };
  // How a shard gets at the broker; each call makes a new client.
  struct Ports {
    std::function<std::unique_ptr<kafka::MessageSource>()> source;
    outbox::OutboxRelay::MakePublisher publisher;
  };

  Shard(Options options, Ports ports, const Clock& clock, prometheus::Registry& registry, const log::Logger& log);

  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  void run(std::stop_token stop);

  // What run() is made of, for who drives a shard on one thread. All but close() throw when something breaks; then it
  // is to be closed and opened again.
  void open();
  void step(const std::stop_token& stop = {});  // takes what is ready, once
  outbox::OutboxRelay& relay();                 // of the open shard; to be stepped when it has no thread
  void close();

  std::int32_t number() const { return options_.place.shard; }

  // Nothing: it takes commands. Else why not.
  std::optional<std::string> health() const;

 private:
  struct Open;  // what lives from one opening to the next error
  void work(const std::stop_token& stop);
  void take(Open& open, const kafka::MessageBatch& batch, const std::stop_token& stop);
  void take_one_by_one(Open& open, const kafka::MessageBatch& batch, const std::stop_token& stop);
  void take_one(Open& open, const kafka::Message& record, const std::stop_token& stop);
  std::optional<std::string> try_to_take(Open& open, const kafka::Message& record, const std::stop_token& stop);
  void commit(Open& open, std::size_t records);
  void handle(Open& open, const kafka::Message& record);
  void send_what_is_due(Open& open);
  void note_published(Open& open);
  void measure(Open& open);
  static std::vector<kafka::Position> positions(const Open& open);
  storage::UnitOfWork::Options store_options() const;
  std::string explain(const std::exception& error);
  void set_health(std::optional<std::string> reason);
  void wait(std::chrono::milliseconds time, const std::stop_token& stop);

  const Options options_;
  const Ports ports_;
  const Clock& clock_;
  const log::Logger log_;
  ShardMetrics metrics_;
  bool store_is_damaged_ = false;  // of the shard's thread, as far as it knows
  std::unique_ptr<Open> open_;
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::optional<std::string> health_ = "starting";
};

}  // namespace orderly
