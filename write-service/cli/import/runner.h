// Carries a plan out: sends what may go, hears what came of it, and records both in the state, until every command has
// its outcome. Results come from command.results; whether an order has its stock, from ordering.events (OrderAllocated)
// and allocation.events (OutOfStock), which are read from where the state left off, or from their first record on: an
// earlier import with the same ids may have been allocated long ago.
// Threads: one. Failures: kafka::Error when the brokers or topics are not there at the start, or a command could not be
// delivered within a minute; sqlite::Error. While the brokers are away it waits, as long as its patience lasts. The
// state is good after each of them.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "cli/broker_options.h"
#include "cli/import/schedule.h"
#include "cli/import/state.h"
#include "cli/progress.h"
#include "cli/sender.h"
#include "common/kafka/consumer.h"

namespace orderly::cli::importing {

struct RunOptions {
  kafka::Config kafka;
  std::int64_t in_flight = 0;            // Schedule's window
  double rate = 0;                       // commands a second; 0: as fast as they are answered
  std::chrono::milliseconds patience{};  // gives up when it has heard nothing for so long
  SigningOptions signing = {};
};

class Runner {
 public:
  Runner(const RunOptions& options, const log::Logger& log, State& state, Console& console);

  // Empty when every command has its outcome; else why no more is to be heard.
  std::string run();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  void follow_topics();
  void take_steps();
  void send_what_may_go();
  bool is_too_early() const;
  void listen();
  void hear(const kafka::Message& message);
  void hear_result(const kafka::Message& message);
  void hear_stock(std::string_view order_id, Stock stock);
  void record_not_sent();
  void show_progress();

  const RunOptions& options_;
  State& state_;
  Schedule schedule_;
  Sender sender_;
  kafka::Consumer consumer_;
  Progress progress_;
  std::unordered_map<std::string, std::int64_t> awaited_;  // command id -> number
  std::optional<State::Step> next_step_;
  std::int64_t planned_ = 0, done_before_ = 0, sent_ = 0, answered_ = 0, not_sent_ = 0;
  std::int64_t started_ms_ = 0;  // unix time
  SteadyTime started_, last_heard_;
  std::string trouble_, undelivered_;
};

}  // namespace orderly::cli::importing
