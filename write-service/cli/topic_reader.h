// Reads a topic's committed records, up to the end that it has when that is reached. A message's views live for the
// call. Threads: one. Failures: kafka::Error when the topic is not there or the brokers stay silent.
#pragma once

#include <functional>
#include <string>

#include "common/kafka/config.h"
#include "common/kafka/message.h"
#include "common/log/log.h"

namespace orderly::cli {

// Every record, partition by partition in no certain order.
void read_topic(const kafka::Config& config, const log::Logger& log, const std::string& topic,
                const std::function<void(const kafka::Message&)>& on_record);

// The record at that very place; `on_record` is not called when there is none.
void read_record(const kafka::Config& config, const log::Logger& log, const kafka::Position& at,
                 const std::function<void(const kafka::Message&)>& on_record);

}  // namespace orderly::cli
