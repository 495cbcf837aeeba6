#include "common/kafka/publisher.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "common/kafka/client_callbacks.h"

namespace orderly::kafka {
namespace {

constexpr int slice_ms = 500;  // how long a blocking call may go without looking at interrupt()
constexpr int commit_ms = 4'000;
constexpr int abort_ms = 10'000;
constexpr auto retry_pause = std::chrono::milliseconds{10};

Config defaults(const LibrdkafkaPublisher::Options& options) {
  Config config{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"linger.ms", "1"},
      {"partitioner", "murmur2_random"},  // for replies alone: everything else names its partition
      {"batch.num.messages", "10000"},
      {"queue.buffering.max.messages", "1000000"},
      {"queue.buffering.max.kbytes", "262144"},
      {"message.max.bytes", "8388608"},
      // While the broker still ends the last transaction, it refuses to begin the next one, and the client sleeps this
      // long before it asks again.
      {"retry.backoff.ms", "1"},
      {"reconnect.backoff.max.ms", "1000"},
      {"socket.nagle.disable", "true"},
  };
  if (options.metrics) config["statistics.interval.ms"] = ClientMetrics::default_interval_ms;
  if (options.delivery == Delivery::exactly_once) {
    config["transactional.id"] = options.transactional_id;
    config["transaction.timeout.ms"] = "20000";
    config["message.timeout.ms"] = "20000";
  } else {
    config["linger.ms"] = "0";
    config["message.timeout.ms"] = "20000";
  }
  return config;
}

using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)>;

PartitionList to_list(std::span<const Position> positions) {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())),
                     rd_kafka_topic_partition_list_destroy};
  for (const auto& position : positions) {
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)->offset = position.offset;
  }
  return list;
}

std::array<rd_kafka_vu_t, 6> to_fields(const OutgoingMessage& message, rd_kafka_topic_t* topic,
                                       rd_kafka_headers_t* headers) {
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = message.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  const auto key = message.key.value_or(std::string_view{});
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem.ptr = const_cast<char*>(key.data());
  fields[3].u.mem.size = key.size();
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem.ptr = const_cast<char*>(message.value.data());
  fields[4].u.mem.size = message.value.size();
  fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[5].u.headers = headers;
  return fields;
}

}  // namespace

struct LibrdkafkaPublisher::Callbacks : ClientCallbacks {
  using ClientCallbacks::ClientCallbacks;
  rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first delivery that failed since the last publish

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* self = static_cast<Callbacks*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && self->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
      self->failed = message->err;
  }
};

void LibrdkafkaPublisher::Destroy::operator()(rd_kafka_s* client) const {
  rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);  // otherwise destroying waits for them
  rd_kafka_destroy(client);
}

void LibrdkafkaPublisher::Destroy::operator()(rd_kafka_topic_s* topic) const { rd_kafka_topic_destroy(topic); }

LibrdkafkaPublisher::LibrdkafkaPublisher(Options options, const log::Logger& log)
    : options_(std::move(options)), callbacks_(std::make_unique<Callbacks>(log, options_.metrics)) {
  if (options_.delivery == Delivery::at_least_once) options_.owner.reset();  // nothing fences, so a claim says nothing
  rd_kafka_conf_t* conf = make_conf(defaults(options_), options_.overrides);
  rd_kafka_conf_set_dr_msg_cb(conf, &Callbacks::on_delivery);
  client_.reset(callbacks_->create(RD_KAFKA_PRODUCER, conf));
}

LibrdkafkaPublisher::~LibrdkafkaPublisher() = default;

std::vector<Position> LibrdkafkaPublisher::start(std::span<const Position> of) {
  std::vector<Position> watermarks{of.begin(), of.end()};
  for (auto& watermark : watermarks) watermark.offset = -1;
  if (options_.delivery == Delivery::at_least_once) return watermarks;

  if (options_.owner) settle_ownership();
  retry([this] { return rd_kafka_init_transactions(client_.get(), slice_ms); });

  // Only now can the watermarks not move any more: whoever held our transactional id before is fenced.
  const auto client = watermark_reader("read_committed");
  const auto list = to_list(watermarks);
  for (;;) {
    check_interrupted();
    const auto code = rd_kafka_committed(client.get(), list.get(), slice_ms * 4);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    rd_kafka_poll(client.get(), slice_ms);
  }
  for (std::size_t i = 0; i < watermarks.size(); ++i) {
    const auto& found = list->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw Error{Error::Kind::transient, std::string{"cannot read the watermark: "} + rd_kafka_err2str(found.err)};
    }
    watermarks[i].offset = found.offset < 0 ? -1 : found.offset;
  }
  if (options_.owner) claim(false);
  return watermarks;
}

std::unique_ptr<rd_kafka_s, LibrdkafkaPublisher::Destroy> LibrdkafkaPublisher::watermark_reader(
    const char* isolation_level) {
  Config reader = options_.overrides;
  reader["group.id"] = options_.watermark_group;
  const Config ours{{"isolation.level", isolation_level}, longest_close};
  return std::unique_ptr<rd_kafka_s, Destroy>{callbacks_->create(RD_KAFKA_CONSUMER, make_conf(ours, reader))};
}

void LibrdkafkaPublisher::publish(std::span<const OutgoingMessage> messages, std::span<const Position> watermarks) {
  callbacks_->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
  const bool transactional = options_.delivery == Delivery::exactly_once;
  if (transactional) begin(watermarks);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    produce(messages[i]);
    // What is delivered is freed while its memory is still near.
    if (i % 256 == 255) rd_kafka_poll(client_.get(), 0);
  }
  flush();
  if (transactional) commit();
  renew();
}

// One call and no second: when it times out librdkafka 2.0 may still have an answer to one of its steps on the way,
// which a further call takes for the answer to another step; then it ends the program by an assertion, or takes the
// next transaction's watermarks for sent. A new client's start() tells what became of the transaction.
void LibrdkafkaPublisher::commit() {
  rd_kafka_error_t* error = rd_kafka_commit_transaction(client_.get(), commit_ms);
  if (error != nullptr) give_up(error);
}

// A topic's first message waits up to a second for the client's timer to ask where its partitions are: ask at once.
rd_kafka_topic_s* LibrdkafkaPublisher::topic(std::string_view name) {
  if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
  Topic handle{rd_kafka_topic_new(client_.get(), std::string{name}.c_str(), nullptr)};
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_.get(), 0, handle.get(), &metadata, slice_ms * 4) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }  // otherwise the message finds out by itself, or fails and says why
  return topics_.emplace(name, std::move(handle)).first->second.get();
}

void LibrdkafkaPublisher::produce(const OutgoingMessage& message) {
  rd_kafka_topic_t* to = topic(message.topic);
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  const auto fields = to_fields(message, to, headers);
  for (;;) {
    rd_kafka_error_t* error = rd_kafka_produceva(client_.get(), fields.data(), fields.size());
    if (error == nullptr) return;  // the headers are the client's now
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !interrupted_.load()) {
      rd_kafka_poll(client_.get(), 10);
      continue;
    }
    rd_kafka_headers_destroy(headers);
    abort_after(code, "cannot send to " + std::string{message.topic});
  }
}

void LibrdkafkaPublisher::flush() {
  while (rd_kafka_flush(client_.get(), slice_ms) == RD_KAFKA_RESP_ERR__TIMED_OUT) check_interrupted();
  if (callbacks_->failed != RD_KAFKA_RESP_ERR_NO_ERROR) abort_after(callbacks_->failed, "delivery failed");
}

void LibrdkafkaPublisher::abort_after(int code, const std::string& what) {
  const std::string reason = what + ": " + rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
  if (rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw Error{Error::Kind::fatal, reason};
  }
  if (options_.delivery == Delivery::exactly_once) abort_transaction(reason);
  throw Error{code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? Error::Kind::too_large : Error::Kind::transient, reason};
}

// The watermarks go first: what meets a transaction that is still being ended asks again after retry.backoff.ms here,
// but after 20 ms when it is a message (librdkafka 2.0 leaves no choice there).
void LibrdkafkaPublisher::begin(std::span<const Position> watermarks) {
  retry([this] { return rd_kafka_begin_transaction(client_.get()); });
  const std::unique_ptr<rd_kafka_consumer_group_metadata_t, void (*)(rd_kafka_consumer_group_metadata_t*)> group{
      rd_kafka_consumer_group_metadata_new(options_.watermark_group.c_str()), rd_kafka_consumer_group_metadata_destroy};
  const auto list = to_list(watermarks);
  retry([&] { return rd_kafka_send_offsets_to_transaction(client_.get(), list.get(), group.get(), slice_ms); });
}

// Calls again for as long as librdkafka says that this helps. For calls that leave no step of theirs unanswered when
// they time out; commit and abort are others.
void LibrdkafkaPublisher::retry(const std::function<rd_kafka_error_s*()>& call) {
  for (;;) {
    rd_kafka_error_t* error = call();
    if (error == nullptr) return;
    if (rd_kafka_error_is_retriable(error) == 0 || interrupted_.load()) give_up(error);
    rd_kafka_error_destroy(error);
    // Mostly the call has waited itself. Where it fails at once, an absent broker must not cost a core.
    std::unique_lock lock{mutex_};
    interrupt_.wait_for(lock, retry_pause, [this] { return interrupted_.load(); });
  }
}

void LibrdkafkaPublisher::give_up(rd_kafka_error_s* error) {
  const std::unique_ptr<rd_kafka_error_t, void (*)(rd_kafka_error_t*)> owned{error, rd_kafka_error_destroy};
  const std::string reason = rd_kafka_error_string(error);
  const auto code = rd_kafka_error_code(error);
  if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
      code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
    throw Error{Error::Kind::fenced, reason};
  }
  if (rd_kafka_error_txn_requires_abort(error) == 0) {
    throw Error{interrupted_.load() ? Error::Kind::transient : Error::Kind::fatal, reason};
  }
  abort_transaction(reason);
  throw Error{Error::Kind::transient, reason};
}

// A failing abort leaves nothing to save in this client: the next one's start() aborts. Not repeated, as commit().
void LibrdkafkaPublisher::abort_transaction(const std::string& reason) {
  rd_kafka_error_t* error = rd_kafka_abort_transaction(client_.get(), interrupted_.load() ? slice_ms : abort_ms);
  if (error == nullptr) return;
  const std::unique_ptr<rd_kafka_error_t, void (*)(rd_kafka_error_t*)> owned{error, rd_kafka_error_destroy};
  throw Error{Error::Kind::fatal, reason + "; abort: " + rd_kafka_error_string(error)};
}

bool LibrdkafkaPublisher::topic_exists(std::string_view topic) {
  const std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle{
      rd_kafka_topic_new(client_.get(), std::string{topic}.c_str(), nullptr), rd_kafka_topic_destroy};
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 0, handle.get(), &metadata, slice_ms * 4);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw Error{Error::Kind::transient, std::string{"cannot ask for a topic: "} + rd_kafka_err2str(code)};
  }
  const bool exists = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_metadata_destroy(metadata);
  return exists;
}

void LibrdkafkaPublisher::idle() { rd_kafka_poll(client_.get(), 0); }

void LibrdkafkaPublisher::interrupt() {
  const std::lock_guard lock{mutex_};
  interrupted_.store(true);
  interrupt_.notify_all();
}

void LibrdkafkaPublisher::check_interrupted() const {
  if (interrupted_.load()) throw Error{Error::Kind::transient, "the program is ending"};
}

}  // namespace orderly::kafka
