// One record at a time to a handler: tried again with back-off after a passing failure, left alone while the circuit
// breaker is open, and in the end a dead letter. Threads: one at a time. Failures: a dead letter that cannot be
// published is tried for ever and told by trouble(); attempt() does not throw. It never waits itself but says how long
// to wait.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "common/clock/clock.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"
#include "common/subscription/back_off.h"
#include "common/subscription/circuit_breaker.h"
#include "common/subscription/metrics.h"
#include "common/tracing/tracer.h"

namespace orderly::subscription {

struct Outcome {
  enum class Kind {
    done,
    retry,    // may go better later; an exception of the handler counts as this
    give_up,  // will never go
  };
  Kind kind = Kind::done;
  std::string detail = {};
};

// May block for a bounded time, less once the token says stop; must bear a record that it has handled before.
using Handler = std::function<Outcome(const kafka::Message& record, const std::stop_token& stop)>;

class Delivery {
 public:
  struct Options {
    std::string name;                // of the subscription
    std::vector<std::string> types;  // ce_type of the records it is about; others are passed over
    std::string dead_letter_topic, dead_letter_reason;
    int max_tries = 8;
    BackOff back_off;
    CircuitBreaker::Options breaker;
    std::chrono::milliseconds max_age =
        std::chrono::hours{24};  // by ce_time; older records are passed over and counted
  };
  struct Ports {
    std::function<std::unique_ptr<kafka::Publisher>()> dead_letters;
    const Clock& clock;                                            // for ages
    std::function<std::chrono::steady_clock::time_point()> ticks;  // for waits
    std::mt19937_64 random;
    const tracing::Tracer* tracer = nullptr;  // null: nothing is recorded
  };
  struct Progress {
    bool finished = false;  // its checkpoint may move
    bool acted = false;     // the handler or the dead letters had it, so that repeating it is better avoided
    std::chrono::milliseconds wait{0};
  };

  Delivery(Options options, Ports ports, Handler handler, Metrics& metrics, const log::Logger& log);

  // The same record until it is finished. `partitions`: how many the dead-letter topic has.
  Progress attempt(const kafka::Message& record, std::int32_t partitions, const std::stop_token& stop);

  // Why records wait; nothing when all is well.
  std::optional<std::string> trouble() const;

 private:
  bool concerns(const kafka::Message& record) const;
  bool expired(const kafka::Message& record) const;
  Outcome call(const kafka::Message& record, const std::stop_token& stop);
  void trace(const kafka::Message& record, tracing::SpanTime started, const Outcome& outcome) const;
  Progress judge(const kafka::Message& record, Outcome outcome);
  void bury(const kafka::Message& record, std::int32_t partitions, const std::stop_token& stop);
  Progress try_to_bury(const kafka::Message& record, std::int32_t partitions, const std::stop_token& stop);
  Progress finish();
  std::chrono::milliseconds until_allowed() const;
  void show_breaker();

  const Options options_;
  Ports ports_;
  const Handler handler_;
  Metrics& metrics_;
  const log::Logger log_;
  CircuitBreaker breaker_;

  // Of the record at hand.
  int tries_ = 0;
  int burials_ = 0;  // tries at its dead letter
  std::chrono::steady_clock::time_point next_try_{};
  std::string last_failure_;  // kept until something goes well
  bool given_up_ = false;
  bool shorten_ = false;  // the broker refused its dead letter for its size

  std::unique_ptr<kafka::Publisher> publisher_;  // made with the first dead letter
};

}  // namespace orderly::subscription
