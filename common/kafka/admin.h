// What an operator asks of the brokers: make topics, count their partitions, read their settings.
// Threads: one at a time. Failures: kafka::Error with a sentence that names the topic or the brokers; a call that
// fails half-way may have made some of the topics, and can be repeated.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/kafka/config.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"

struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace orderly::kafka {

using TopicSettings = std::map<std::string, std::string>;  // the broker's own, such as retention.ms

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication = 1;
  TopicSettings settings;
};

struct TopicOutcome {
  std::string name;
  bool created = false;     // false: it was there, with as many partitions
  TopicSettings differing;  // of one that was there: wanted settings that it has otherwise, with what it has
};

// A topic as a producer or consumer is about to use it. While this lives its client knows the partitions' leaders; left
// to itself it would look for them once a second, and the first record would wait for that.
class KnownTopic {
 public:
  // Throws a transient Error when no broker answers in time or the topic is not there; never makes it by asking.
  KnownTopic(rd_kafka_s* client, const std::string& name, std::chrono::milliseconds timeout);

  std::int32_t partitions() const { return partitions_; }

 private:
  struct Destroy {
    void operator()(rd_kafka_topic_s* handle) const;
  };
  std::unique_ptr<rd_kafka_topic_s, Destroy> handle_;
  std::int32_t partitions_ = 0;
};

class Admin {
 public:
  // `overrides` holds bootstrap.servers and the user's settings; `timeout` bounds every question to the brokers.
  Admin(const Config& overrides, std::chrono::milliseconds timeout, const log::Logger& log);
  ~Admin();

  // Idempotent. A topic that is there with another number of partitions is an error, and then none is made.
  // Returns when every topic has a leader for each of its partitions; the outcomes are in the order of `wanted`.
  std::vector<TopicOutcome> create_topics(std::span<const NewTopic> wanted);

  // Throws when the topic is not there.
  std::int32_t partition_count(const std::string& topic);

  // The name that the brokers gave their cluster when it was made.
  std::string cluster_id();

  // By topic, every setting in force, defaults included.
  std::map<std::string, TopicSettings> settings(std::span<const std::string> topics);

 private:
  struct Callbacks;
  struct Destroy {
    void operator()(rd_kafka_s* client) const;
  };
  std::map<std::string, std::int32_t> partition_counts();
  void create_missing(const std::vector<NewTopic>& missing);
  void wait_for_leaders(const std::vector<NewTopic>& topics);

  std::chrono::milliseconds timeout_;
  std::unique_ptr<Callbacks> callbacks_;
  std::unique_ptr<rd_kafka_s, Destroy> client_;
};

}  // namespace orderly::kafka
