// Reads a topic's committed records, up to the end that it has when that is reached. A message's views live for the
// call. Threads: one. Failures: kafka::Error when the topic is not there or the brokers stay silent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/clock/clock.h"
#include "common/kafka/config.h"
#include "common/kafka/message.h"
#include "common/log/log.h"

namespace orderly::cli {

// Every record, partition by partition in no certain order.
void read_topic(const kafka::Config& config, const log::Logger& log, const std::string& topic,
                const std::function<void(const kafka::Message&)>& on_record);

// The same for several topics, from the first record of each partition that is not older than `since`; `on_progress` is
// told now and then how many records have been read of about how many.
struct TopicRange {
  std::vector<std::string> topics;
  std::optional<Time> since = {};
};
void read_topics(const kafka::Config& config, const log::Logger& log, const TopicRange& range,
                 const std::function<void(const kafka::Message&)>& on_record,
                 const std::function<void(std::int64_t, std::int64_t)>& on_progress);

// From these positions on, until `on_record` says false; kafka::beginning is one. Records that are gone are an Error,
// too.
void read_from(const kafka::Config& config, const log::Logger& log, const std::vector<kafka::Position>& positions,
               const std::function<bool(const kafka::Message&)>& on_record);

// The record at that very place; `on_record` is not called when there is none.
void read_record(const kafka::Config& config, const log::Logger& log, const kafka::Position& at,
                 const std::function<void(const kafka::Message&)>& on_record);

}  // namespace orderly::cli
