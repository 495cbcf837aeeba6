#include "common/kafka/consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "common/kafka/client_callbacks.h"

namespace orderly::kafka {
namespace {

using namespace std::chrono_literals;

const Config defaults{
    {"group.id", "orderly-assigned"},  // never joined: partitions are assigned, offsets live with the data
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},  // a gap must be seen, not jumped
    {"isolation.level", "read_committed"},
    longest_close,
    // Fetching pauses for up to a second whenever this many wait, or so many kilobytes of their values. Beside each value
    // the client keeps some 500 bytes, so the number is what bounds the memory of small ones.
    {"queued.min.messages", "200000"},
    {"queued.max.messages.kbytes", "32768"},
    {"fetch.error.backoff.ms", "100"},
    {"reconnect.backoff.max.ms", "1000"},
    {"socket.nagle.disable", "true"},
};

// Frees the client's messages when the batch goes.
struct FetchedMessages final : MessageBatch::Owner {
  std::vector<rd_kafka_message_t*> messages;
  std::vector<Header> headers;
  ~FetchedMessages() override {
    for (auto* message : messages) rd_kafka_message_destroy(message);
  }
};

std::string_view view(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

std::size_t append_headers(rd_kafka_message_t* message, std::vector<Header>& all) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0, count = 0;
  while (rd_kafka_header_get_all(headers, count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    all.push_back({name, view(value, size)});
    ++count;
  }
  return count;
}

Message to_message(rd_kafka_message_t* from) {
  Message message;
  message.topic = rd_kafka_topic_name(from->rkt);
  message.partition = from->partition;
  message.offset = from->offset;
  rd_kafka_timestamp_type_t kind{};
  message.timestamp_ms = rd_kafka_message_timestamp(from, &kind);
  if (from->key != nullptr) message.key = view(from->key, from->key_len);
  message.value = view(from->payload, from->len);
  return message;
}

Error to_error(const rd_kafka_message_t& message) {
  const std::string where = message.rkt == nullptr ? ""
                                                   : std::string{" at "} + rd_kafka_topic_name(message.rkt) + '/' +
                                                         std::to_string(message.partition);
  const auto kind =
      message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ? Error::Kind::offset_expired : Error::Kind::transient;
  return Error{kind, rd_kafka_message_errstr(&message) + where};
}

}  // namespace

struct Consumer::Callbacks : ClientCallbacks {
  using ClientCallbacks::ClientCallbacks;
};

void Consumer::Destroy::operator()(rd_kafka_s* client) const {
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
}
void Consumer::Destroy::operator()(rd_kafka_queue_s* queue) const { rd_kafka_queue_destroy(queue); }

Consumer::Consumer(const Config& overrides, const log::Logger& log, std::shared_ptr<ClientMetrics> metrics) {
  auto wanted = defaults;
  if (metrics) wanted["statistics.interval.ms"] = ClientMetrics::default_interval_ms;
  callbacks_ = std::make_unique<Callbacks>(log, std::move(metrics));
  client_.reset(callbacks_->create(RD_KAFKA_CONSUMER, make_conf(wanted, overrides)));
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
}

Consumer::~Consumer() = default;

void Consumer::assign(std::span<const Position> positions) {
  next_.assign(positions.begin(), positions.end());
  ends_met_.assign(positions.size(), false);
  pending_error_.reset();
  std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())), rd_kafka_topic_partition_list_destroy};
  for (const auto& position : positions) {
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)->offset = position.offset;
  }
  const auto code = rd_kafka_assign(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw Error{Error::Kind::fatal, std::string{"cannot assign partitions: "} + rd_kafka_err2str(code)};
  }
}

MessageBatch Consumer::poll(std::size_t max_messages, std::chrono::milliseconds timeout) {
  if (pending_error_) {
    const Error error = *pending_error_;
    pending_error_.reset();
    throw error;
  }
  auto owner = std::make_unique<FetchedMessages>();
  auto& fetched = owner->messages;
  fetched.resize(max_messages);
  auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, fetched.data(), max_messages);
  if (count <= 0) {
    fetched[0] = rd_kafka_consumer_poll(client_.get(), static_cast<int>(timeout.count()));
    count = fetched[0] == nullptr ? 0 : 1;
    if (count == 1)
      count +=
          std::max<ssize_t>(0, rd_kafka_consume_batch_queue(queue_.get(), 0, fetched.data() + 1, max_messages - 1));
  }
  fetched.resize(static_cast<std::size_t>(count));

  MessageBatch batch;
  std::vector<std::size_t> header_counts;
  for (auto* from : fetched) {
    if (from->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      note_end(rd_kafka_topic_name(from->rkt), from->partition);
      continue;
    }
    if (from->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      pending_error_ = to_error(*from);
      continue;
    }
    batch.messages.push_back(to_message(from));
    header_counts.push_back(append_headers(from, owner->headers));
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    batch.messages[i].headers = std::span{owner->headers}.subspan(at, header_counts[i]);
    at += header_counts[i];
  }
  batch.owner = std::move(owner);
  if (batch.messages.empty()) {
    if (pending_error_) return poll(max_messages, timeout);
    check_broker();
  }
  return batch;
}

// The client reports that all brokers are away, but not that one is back: ask, once a second.
void Consumer::check_broker() {
  if (!callbacks_->all_brokers_down()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_check_) {
    next_check_ = now + 1s;
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, 500) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      callbacks_->broker_is_back();
      return;
    }
  }
  throw Error{Error::Kind::transient, callbacks_->with_reason("no Kafka broker can be reached")};
}

void Consumer::note_end(std::string_view topic, std::int32_t partition) {
  for (std::size_t i = 0; i < next_.size(); ++i) {
    if (next_[i].partition == partition && next_[i].topic == topic) ends_met_[i] = true;
  }
}

bool Consumer::has_met_ends() const { return std::ranges::find(ends_met_, false) == ends_met_.end(); }

std::int64_t Consumer::lag() const {
  std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())), rd_kafka_topic_partition_list_destroy};
  for (const auto& p : next_) rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition);
  if (rd_kafka_position(client_.get(), list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  std::int64_t behind = 0;
  for (int i = 0; i < list->cnt; ++i) {
    const auto& partition = list->elems[i];
    std::int64_t low = 0, high = 0;
    if (rd_kafka_get_watermark_offsets(client_.get(), partition.topic, partition.partition, &low, &high) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
      continue;
    const auto start = next_[static_cast<std::size_t>(i)].offset;
    const auto at = partition.offset >= 0 ? partition.offset : std::max(start, low);
    behind += std::max<std::int64_t>(0, high - at);
  }
  return behind;
}

void Consumer::report_progress(std::span<const Position> positions) {
  std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())), rd_kafka_topic_partition_list_destroy};
  for (const auto& p : positions) {
    if (p.offset >= 0) rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = p.offset;
  }
  if (list->cnt > 0) rd_kafka_commit(client_.get(), list.get(), 1);
}

std::int32_t Consumer::partition_count(const std::string& topic, std::chrono::milliseconds timeout) {
  std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle{
      rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr), rd_kafka_topic_destroy};
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, handle.get(), &metadata, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto what = std::string{"no Kafka broker can be reached: "} + rd_kafka_err2str(code);
    throw Error{Error::Kind::transient, callbacks_->with_reason(what)};
  }
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owned{
      metadata, rd_kafka_metadata_destroy};
  const auto topic_code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (topic_code != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topics[0].partition_cnt == 0) {
    throw Error{Error::Kind::transient, "topic " + topic + ": " + rd_kafka_err2str(topic_code)};
  }
  return metadata->topics[0].partition_cnt;
}

std::int64_t Consumer::end_offset(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout) {
  return offsets(topic, partition, timeout).end;
}

std::int64_t Consumer::begin_offset(const std::string& topic, std::int32_t partition,
                                    std::chrono::milliseconds timeout) {
  return offsets(topic, partition, timeout).begin;
}

Consumer::Range Consumer::offsets(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout) {
  // A topic just made, or a leader just moved, is settled a moment later.
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::int64_t low = 0, high = 0;
    const auto code = rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &low, &high,
                                                       static_cast<int>(timeout.count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {low, high};
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error{Error::Kind::transient, "cannot read the offsets of " + topic + '/' + std::to_string(partition) +
                                              ": " + rd_kafka_err2str(code)};
    }
    rd_kafka_poll(client_.get(), 50);
  }
}

}  // namespace orderly::kafka
