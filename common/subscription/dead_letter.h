// The record that a subscription has given up on, as the dead-letters topic wants it: the original bytes and headers,
// dlq-* behind them. Threads: the publisher's. Failures: kafka::Error. Publishing the same record again repeats the
// same dlq-id.
#pragma once

#include <string_view>

#include "common/clock/clock.h"
#include "common/kafka/ports.h"

namespace orderly::subscription {

// Names the one subscription that a replayed record is for; all others pass it over.
inline constexpr std::string_view subscription_header = "dlq-subscription";

struct DeadLetter {
  std::string_view topic;         // where to
  std::int32_t partitions = 1;    // of that topic
  std::string_view subscription;  // that gave up
  std::string_view reason;        // UPPER_SNAKE
  std::string_view detail;
  Time time;
};

void publish(kafka::Publisher& publisher, const kafka::Message& record, const DeadLetter& letter);

}  // namespace orderly::subscription
