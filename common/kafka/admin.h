// Makes topics. Threads: any. Failures: Error (transient) when the broker cannot be reached; what it refuses is an outcome.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/kafka/config.h"
#include "common/kafka/ports.h"

namespace orderly::kafka {

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication = 1;
  std::map<std::string, std::string> settings;  // the broker's, such as retention.ms
};

struct TopicOutcome {
  enum class Kind { created, existed, refused };
  std::string name;
  Kind kind = Kind::created;
  std::string reason;  // of a refusal, in the broker's words
};

std::vector<TopicOutcome> create_topics(const Config& config, std::span<const NewTopic> topics, std::chrono::milliseconds timeout);

}  // namespace orderly::kafka
