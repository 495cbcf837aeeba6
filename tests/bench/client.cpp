#include "client.h"

#include <array>
#include <stdexcept>

namespace orderly::bench {
namespace {

// As common/kafka/consumer.cpp has them.
const kafka::Config consumer_defaults{{"group.id", "orderly-bench"},           {"enable.auto.commit", "false"},
                                      {"enable.auto.offset.store", "false"},   {"auto.offset.reset", "error"},
                                      {"isolation.level", "read_committed"},   {"queued.min.messages", "1000000"},
                                      {"queued.max.messages.kbytes", "32768"}, {"fetch.error.backoff.ms", "100"},
                                      {"socket.nagle.disable", "true"}};

Client make_client(rd_kafka_type_t type, const kafka::Config& settings) {
  std::array<char, 512> reason{};
  Client client{rd_kafka_new(type, kafka::make_conf({}, settings), reason.data(), reason.size())};
  if (!client) throw std::runtime_error{std::string{"cannot make a Kafka client: "} + reason.data()};
  return client;
}

}  // namespace

Client make_producer(const kafka::Config& settings) { return make_client(RD_KAFKA_PRODUCER, settings); }

kafka::Config sender_settings(const std::string& brokers) {
  return {{"bootstrap.servers", brokers},          {"acks", "all"},
          {"partitioner", "murmur2_random"},       {"queue.buffering.max.messages", "1000000"},
          {"batch.num.messages", "10000"},         {"socket.nagle.disable", "true"},
          {"queue.buffering.max.kbytes", "262144"}};
}

// As common/kafka/publisher.cpp has them for exactly-once.
kafka::Config relay_settings(const std::string& brokers, const std::string& transactional_id) {
  return {{"bootstrap.servers", brokers},
          {"transactional.id", transactional_id},
          {"transaction.timeout.ms", "20000"},
          {"message.timeout.ms", "20000"},
          {"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", "1"},
          {"batch.num.messages", "10000"},
          {"queue.buffering.max.messages", "1000000"},
          {"queue.buffering.max.kbytes", "262144"},
          {"retry.backoff.ms", "1"},
          {"socket.nagle.disable", "true"}};
}

Follower::Follower(const std::string& brokers, std::span<const kafka::Position> from) {
  auto settings = consumer_defaults;
  settings["bootstrap.servers"] = brokers;
  client_ = make_client(RD_KAFKA_CONSUMER, settings);
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  Partitions list{rd_kafka_topic_partition_list_new(static_cast<int>(from.size()))};
  for (const auto& p : from)
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = p.offset;
  const auto code = rd_kafka_assign(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error{std::string{"assign: "} + rd_kafka_err2str(code)};
}

Follower::~Follower() {
  queue_.reset();
  rd_kafka_consumer_close(client_.get());
}

void Follower::poll(std::vector<rd_kafka_message_t*>& messages, std::size_t most, int timeout_ms) {
  messages.resize(most);
  auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data(), most);
  if (count <= 0) {
    messages[0] = rd_kafka_consumer_poll(client_.get(), timeout_ms);
    count = messages[0] == nullptr ? 0 : 1;
    if (count == 1)
      count += std::max<ssize_t>(0, rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data() + 1, most - 1));
  }
  messages.resize(static_cast<std::size_t>(count));
  for (const auto* message : messages) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error{rd_kafka_message_errstr(message)};
  }
}

void produce(rd_kafka_t* producer, const OutgoingRecord& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = record.topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = record.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem = {const_cast<char*>(record.value.data()), record.value.size()};
  fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[5].u.headers = headers;
  for (;;) {
    rd_kafka_error_t* error = rd_kafka_produceva(producer, fields.data(), fields.size());
    if (error == nullptr) return;  // the headers are the client's now
    if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(error, "produce");
    rd_kafka_error_destroy(error);
    rd_kafka_poll(producer, 10);
  }
}

void check(rd_kafka_error_t* error, const std::string& doing) {
  if (error == nullptr) return;
  const std::string reason = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error{doing + ": " + reason};
}

void retry(const std::function<rd_kafka_error_t*()>& call, const std::string& doing) {
  for (;;) {
    rd_kafka_error_t* error = call();
    if (error == nullptr || rd_kafka_error_is_retriable(error) == 0) return check(error, doing);
    rd_kafka_error_destroy(error);
  }
}

}  // namespace orderly::bench
