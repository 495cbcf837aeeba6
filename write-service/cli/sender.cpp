#include "cli/sender.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "cli/broker_options.h"
#include "common/kafka/client_callbacks.h"

namespace orderly::cli {
namespace {

const kafka::Config defaults{
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"linger.ms", "5"},
    {"batch.num.messages", "10000"},
    {"queue.buffering.max.messages", "100000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"message.max.bytes", "8388608"},  // the broker's limit decides
    {"message.timeout.ms", "60000"},
    {"reconnect.backoff.max.ms", "1000"},
    {"socket.nagle.disable", "true"},
};

rd_kafka_headers_t* make_headers(const OutgoingCommand& command, const Signer& signer) {
  const std::array<std::pair<const char*, std::string_view>, 6> all{{{"ce_specversion", "1.0"},
                                                                     {"ce_id", command.id},
                                                                     {"ce_type", command.type},
                                                                     {"ce_source", "/orderly/cli"},
                                                                     {"ce_time", command.time},
                                                                     {"content-type", "application/protobuf"}}};
  rd_kafka_headers_t* headers = rd_kafka_headers_new(all.size());
  const auto add = [&](std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  };
  if (command.headers.empty()) {
    for (const auto& [name, value] : all) add(name, value);
  }
  for (const auto& [name, value] : command.headers) add(name, value);
  for (const auto& [name, value] : signer.headers_for(command)) add(name, value);
  return headers;
}

std::array<rd_kafka_vu_t, 7> to_fields(const OutgoingCommand& command, std::int32_t partition, std::size_t tag,
                                       rd_kafka_headers_t* headers) {
  std::array<rd_kafka_vu_t, 7> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = command.topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = partition;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = {const_cast<char*>(command.key.data()), command.key.size()};
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem = {const_cast<char*>(command.value.data()), command.value.size()};
  fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[5].u.headers = headers;
  fields[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[6].u.ptr = reinterpret_cast<void*>(tag);
  return fields;
}

}  // namespace

struct Sender::Client : kafka::ClientCallbacks {
  Client(const kafka::Config& config, const log::Logger& log, std::function<void(const Delivery&)> callback)
      : ClientCallbacks(log), on_delivery(std::move(callback)) {
    rd_kafka_conf_t* conf = kafka::make_conf(defaults, config);
    rd_kafka_conf_set_dr_msg_cb(conf, &Client::on_report);
    handle = create(RD_KAFKA_PRODUCER, conf);
  }
  ~Client() {
    // Nobody is left to hear of them, and destroying would wait for them.
    rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    on_delivery = [](const Delivery&) {};
    rd_kafka_destroy(handle);
  }

  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    const bool failed = message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
    static_cast<Client*>(opaque)->on_delivery({reinterpret_cast<std::size_t>(message->_private),
                                               failed ? rd_kafka_err2str(message->err) : "", message->partition,
                                               message->offset});
  }

  std::function<void(const Delivery&)> on_delivery;
  rd_kafka_t* handle = nullptr;
};

Sender::Sender(const kafka::Config& config, const log::Logger& log, std::function<void(const Delivery&)> on_delivery,
               Signer signer)
    : signer_(std::move(signer)), client_(std::make_unique<Client>(config, log, std::move(on_delivery))) {}

Sender::~Sender() = default;

std::int32_t Sender::partitions_of(const std::string& topic) {
  const auto known = topics_.find(topic);
  if (known != topics_.end()) return known->second.partitions();
  return topics_.emplace(topic, kafka::KnownTopic{client_->handle, topic, broker_timeout}).first->second.partitions();
}

void Sender::send(const OutgoingCommand& command, std::size_t tag) {
  const auto partition = kafka::partition_for(command.key, partitions_of(command.topic));
  rd_kafka_headers_t* headers = make_headers(command, signer_);
  const auto fields = to_fields(command, partition, tag, headers);
  for (;;) {
    rd_kafka_error_t* error = rd_kafka_produceva(client_->handle, fields.data(), fields.size());
    if (error == nullptr) break;  // the headers are the client's now
    const auto code = rd_kafka_error_code(error);
    const std::string reason = rd_kafka_err2str(code);
    rd_kafka_error_destroy(error);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(client_->handle, 100);
      continue;
    }
    rd_kafka_headers_destroy(headers);
    client_->on_delivery({tag, reason, partition, -1});
    break;
  }
  rd_kafka_poll(client_->handle, 0);
}

void Sender::serve_until(std::chrono::steady_clock::time_point due) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    rd_kafka_poll(client_->handle, static_cast<int>(left.count()));
  }
}

bool Sender::flush(std::chrono::milliseconds timeout) {
  return rd_kafka_flush(client_->handle, static_cast<int>(timeout.count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace orderly::cli
