#include "cli/topic_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <set>
#include <utility>

#include "cli/broker_options.h"
#include "common/kafka/admin.h"
#include "common/kafka/client_callbacks.h"
#include "common/kafka/consumer.h"

namespace orderly::cli {
namespace {

const kafka::Config defaults{
    {"group.id", "orderly-cli"},  // never joined
    {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"}, {"enable.partition.eof", "true"},  // transaction markers take offsets too:
                                                                              // only the client knows where the end is
};

struct CloseConsumer {
  void operator()(rd_kafka_t* client) const {
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
  }
};
using Client = std::unique_ptr<rd_kafka_t, CloseConsumer>;
using Record = std::unique_ptr<rd_kafka_message_t, void (*)(rd_kafka_message_t*)>;

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

// `headers` keeps what the message's span points into.
kafka::Message to_message(rd_kafka_message_t& record, std::vector<kafka::Header>& headers) {
  headers.clear();
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&record, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    for (std::size_t size = 0;
         rd_kafka_header_get_all(list, headers.size(), &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;) {
      headers.push_back({name, view(value, size)});
    }
  }
  kafka::Message message;
  message.topic = rd_kafka_topic_name(record.rkt);
  message.partition = record.partition;
  message.offset = record.offset;
  rd_kafka_timestamp_type_t kind{};
  message.timestamp_ms = rd_kafka_message_timestamp(&record, &kind);
  if (record.key != nullptr) message.key = view(record.key, record.key_len);
  message.value = view(record.payload, record.len);
  message.headers = headers;
  return message;
}

void assign(rd_kafka_t* client, std::span<const kafka::Position> from) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(from.size())), rd_kafka_topic_partition_list_destroy};
  for (const auto& position : from) {
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)->offset = position.offset;
  }
  const auto code = rd_kafka_assign(client, list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw kafka::Error{kafka::Error::Kind::fatal, std::string{"cannot assign partitions: "} + rd_kafka_err2str(code)};
  }
}

Client make_client(const kafka::Config& config, kafka::ClientCallbacks& callbacks) {
  Client client{callbacks.create(RD_KAFKA_CONSUMER, kafka::make_conf(defaults, config))};
  rd_kafka_poll_set_consumer(client.get());
  return client;
}

// Until every partition's end was seen once, or `on_record` has enough. False: a position is not in its partition.
bool read(rd_kafka_t* client, std::span<const kafka::Position> from,
          const std::function<bool(const kafka::Message&)>& on_record) {
  assign(client, from);
  std::vector<kafka::Header> headers;
  std::set<std::pair<std::string, std::int32_t>> at_end;
  while (at_end.size() < from.size()) {
    const Record record{rd_kafka_consumer_poll(client, static_cast<int>(broker_timeout.count())),
                        rd_kafka_message_destroy};
    if (!record) throw kafka::Error{kafka::Error::Kind::transient, "no Kafka broker answers"};
    switch (record->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        if (!on_record(to_message(*record, headers))) return true;
        break;
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        at_end.emplace(rd_kafka_topic_name(record->rkt), record->partition);
        break;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return false;
      default:
        throw kafka::Error{kafka::Error::Kind::transient, rd_kafka_message_errstr(record.get())};
    }
  }
  return true;
}

std::vector<kafka::Position> first_positions(rd_kafka_t* client, const std::string& topic) {
  const kafka::KnownTopic known{client, topic, broker_timeout};
  std::vector<kafka::Position> from;
  for (std::int32_t partition = 0; partition < known.partitions(); ++partition) {
    from.push_back({topic, partition, kafka::beginning});
  }
  return from;
}

// Each to its first record that is not older; where there is none, to its end.
void move_to(Time since, rd_kafka_t* client, std::vector<kafka::Position>& positions) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())), rd_kafka_topic_partition_list_destroy};
  for (const auto& p : positions) {
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = to_unix_ms(since);
  }
  const auto code = rd_kafka_offsets_for_times(client, list.get(), static_cast<int>(broker_timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw kafka::Error{kafka::Error::Kind::transient,
                       std::string{"no Kafka broker answers: "} + rd_kafka_err2str(code)};
  }
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i].offset = list->elems[i].offset;
}

std::int64_t records_from(rd_kafka_t* client, const kafka::Position& position) {
  std::int64_t low = 0, high = 0;
  const auto code = rd_kafka_query_watermark_offsets(client, position.topic.c_str(), position.partition, &low, &high,
                                                     static_cast<int>(broker_timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || position.offset == RD_KAFKA_OFFSET_END) return 0;
  return high - std::max(low, position.offset);
}

}  // namespace

void read_topics(const kafka::Config& config, const log::Logger& log, const TopicRange& range,
                 const std::function<void(const kafka::Message&)>& on_record,
                 const std::function<void(std::int64_t, std::int64_t)>& on_progress) {
  constexpr std::int64_t tell_every = 10'000;
  kafka::ClientCallbacks callbacks{log};
  const auto client = make_client(config, callbacks);
  std::vector<kafka::Position> from;
  for (const auto& topic : range.topics) {
    const auto positions = first_positions(client.get(), topic);
    from.insert(from.end(), positions.begin(), positions.end());
  }
  if (range.since) move_to(*range.since, client.get(), from);
  std::int64_t all = 0, done = 0;
  for (const auto& position : from) all += records_from(client.get(), position);
  const auto on_each = [&](const kafka::Message& message) {
    on_record(message);
    if (++done % tell_every == 0) on_progress(done, all);
    return true;
  };
  if (!read(client.get(), from, on_each)) {
    throw kafka::Error{kafka::Error::Kind::offset_expired, "records went while they were read"};
  }
}

void read_topic(const kafka::Config& config, const log::Logger& log, const std::string& topic,
                const std::function<void(const kafka::Message&)>& on_record) {
  kafka::ClientCallbacks callbacks{log};
  const auto client = make_client(config, callbacks);
  const auto from = first_positions(client.get(), topic);
  const auto on_each = [&](const kafka::Message& message) {
    on_record(message);
    return true;
  };
  // Only retention that overtakes the reading can do this.
  if (!read(client.get(), from, on_each)) {
    throw kafka::Error{kafka::Error::Kind::offset_expired, "records of " + topic + " went while they were read"};
  }
}

void read_from(const kafka::Config& config, const log::Logger& log, const std::vector<kafka::Position>& positions,
               const std::function<bool(const kafka::Message&)>& on_record) {
  kafka::ClientCallbacks callbacks{log};
  const auto client = make_client(config, callbacks);
  if (!read(client.get(), positions, on_record)) {
    throw kafka::Error{kafka::Error::Kind::offset_expired, "the topics no longer hold what follows these positions"};
  }
}

void read_record(const kafka::Config& config, const log::Logger& log, const kafka::Position& at,
                 const std::function<void(const kafka::Message&)>& on_record) {
  kafka::ClientCallbacks callbacks{log};
  const auto client = make_client(config, callbacks);
  const kafka::KnownTopic known{client.get(), at.topic, broker_timeout};
  if (at.partition >= known.partitions()) return;
  read(client.get(), {&at, 1}, [&](const kafka::Message& message) {
    if (message.offset == at.offset) on_record(message);
    return false;
  });
}

}  // namespace orderly::cli
