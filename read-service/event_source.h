// One reader of the event topics: the records, and what there is to read. The service opens one for the live projector
// and one for each view that catches up. Threads: one at a time. Failures: kafka::Error.
#pragma once

#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>

#include "common/kafka/config.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"

namespace orderly::read {

class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual kafka::MessageSource& records() = 0;
  virtual std::int32_t partition_count(const std::string& topic) = 0;
  virtual std::int64_t end_offset(const std::string& topic, std::int32_t partition) = 0;
  // Of the first record that is still there.
  virtual std::int64_t begin_offset(const std::string& /*topic*/, std::int32_t /*partition*/) { return 0; }
};

using OpenEventSource = std::function<std::unique_ptr<EventSource>()>;

// On Kafka; the settings have been checked. All of them tell their figures as one client.
OpenEventSource kafka_event_source(kafka::Config settings, prometheus::Registry& registry, const log::Logger& log);

}  // namespace orderly::read
