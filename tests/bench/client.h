// librdkafka, bare: what the floors and the load generator share. The settings are those of common/kafka's two
// adapters; nothing of theirs lies in between, so that a floor carries no layer of ours. Threads: as librdkafka's own.
// Failures: std::runtime_error with librdkafka's words.
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/config.h"
#include "common/kafka/message.h"

namespace orderly::bench {

template <auto destroy>
struct With {
  template <class T>
  void operator()(T* object) const {
    destroy(object);
  }
};
using Client = std::unique_ptr<rd_kafka_t, With<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, With<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, With<rd_kafka_queue_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, With<rd_kafka_topic_partition_list_destroy>>;

Client make_producer(const kafka::Config& settings);
kafka::Config sender_settings(const std::string& brokers);  // a client's: acks of all, murmur2
kafka::Config relay_settings(const std::string& brokers, const std::string& transactional_id);

// Follows partitions from an offset on (RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END), committed records only.
class Follower {
 public:
  Follower(const std::string& brokers, std::span<const kafka::Position> from);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // What is ready, at most `most`; waits for the first one. The caller destroys the messages.
  void poll(std::vector<rd_kafka_message_t*>& messages, std::size_t most, int timeout_ms);

 private:
  Client client_;
  Queue queue_;
};

struct OutgoingRecord {
  rd_kafka_topic_t* topic = nullptr;
  std::int32_t partition = RD_KAFKA_PARTITION_UA;
  std::string_view key, value;
  std::span<const kafka::Header> headers;
};
void produce(rd_kafka_t* producer, const OutgoingRecord& record);

// Throws unless it is null, that is success.
void check(rd_kafka_error_t* error, const std::string& doing);
// The same, but calls again for as long as librdkafka says that this helps.
void retry(const std::function<rd_kafka_error_t*()>& call, const std::string& doing);

}  // namespace orderly::bench
