#include "common/kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>

#include "common/kafka/client_callbacks.h"

namespace orderly::kafka {
namespace {

template <class Handle, void (*destroy)(Handle*)>
struct Destroy {
  void operator()(Handle* handle) const { destroy(handle); }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_t, rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using Topic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;

Topic to_topic(const NewTopic& topic) {
  std::array<char, 512> reason{};
  Topic made{rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication, reason.data(), reason.size())};
  if (!made) throw Error{Error::Kind::fatal, "topic " + topic.name + ": " + reason.data()};
  for (const auto& [key, value] : topic.settings) rd_kafka_NewTopic_set_config(made.get(), key.c_str(), value.c_str());
  return made;
}

TopicOutcome to_outcome(const rd_kafka_topic_result_t* result) {
  const auto code = rd_kafka_topic_result_error(result);
  TopicOutcome outcome{rd_kafka_topic_result_name(result), TopicOutcome::Kind::created, {}};
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return outcome;
  const bool existed = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
  outcome.kind = existed ? TopicOutcome::Kind::existed : TopicOutcome::Kind::refused;
  outcome.reason = rd_kafka_topic_result_error_string(result);
  return outcome;
}

}  // namespace

std::vector<TopicOutcome> create_topics(const Config& config, std::span<const NewTopic> topics, std::chrono::milliseconds timeout) {
  ClientCallbacks callbacks{log::Logger::silent()};
  const Client client{callbacks.create(RD_KAFKA_PRODUCER, make_conf({}, config))};
  const Queue queue{rd_kafka_queue_new(client.get())};
  std::vector<Topic> owned;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const auto& topic : topics) wanted.push_back(owned.emplace_back(to_topic(topic)).get());

  std::array<char, 512> reason{};
  const AdminOptions options{rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS)};
  const int timeout_ms = static_cast<int>(timeout.count());
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason.data(), reason.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout_ms, reason.data(), reason.size());
  rd_kafka_CreateTopics(client.get(), wanted.data(), wanted.size(), options.get(), queue.get());

  const Event event{rd_kafka_queue_poll(queue.get(), timeout_ms + 1'000)};
  if (!event) throw Error{Error::Kind::transient, "no answer from Kafka in time"};
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw Error{Error::Kind::transient, rd_kafka_event_error_string(event.get())};
  }
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  std::vector<TopicOutcome> outcomes;
  for (std::size_t i = 0; i < count; ++i) outcomes.push_back(to_outcome(results[i]));
  return outcomes;
}

}  // namespace orderly::kafka
