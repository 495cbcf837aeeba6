#include "outbox/outbox.h"

#include <charconv>

#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "intake/command_token.h"
#include "outbox/outbox_entry.h"

namespace orderly::outbox {
namespace {

constexpr std::string_view source = topics::our_source;
constexpr std::string_view protobuf = "application/protobuf";

// A number as text without an allocation.
struct Digits {
  explicit Digits(std::int64_t number) : end(std::to_chars(text.data(), text.data() + text.size(), number).ptr) {}
  operator std::string_view() const { return {text.data(), end}; }
  std::array<char, 20> text;
  const char* end;
};

void add_if_given(std::vector<kafka::Header>& headers, std::string_view name, std::string_view value) {
  if (!value.empty()) headers.push_back({name, value});
}

std::string own_id(const Envelope& cause, std::string_view stream, std::uint64_t number, const OwnCommand& command) {
  std::string purpose{command.type};
  return derive_id(cause.id, purpose.append(1, '/').append(stream), number);
}

}  // namespace

void Outbox::event(const Envelope& cause, const IntegrationEvent& event, std::string_view aggregate_id,
                   std::int64_t version, std::uint64_t number) {
  const std::string id = derive_id(cause.id, "event", number);
  const Digits version_text{version};
  headers_ = {{"ce_specversion", "1.0"},        {"ce_id", id},
              {"ce_type", event.type},          {"ce_source", source},
              {"ce_time", rfc3339(cause.time)}, {"ce_subject", aggregate_id},
              {"content-type", protobuf},       {"ce_correlationid", cause.correlation_id},
              {"ce_causationid", cause.id},     {"ce_streamversion", version_text}};
  add_trace(cause);
  append(cause.lane, event.topic, kafka::partition_for(aggregate_id, partitions_), aggregate_id, event.payload);
}

void Outbox::result(const Envelope& command, std::string_view result, std::string_view aggregate_id) {
  const std::string id = derive_id(command.id, "result", 0);
  headers_ = {{"ce_specversion", "1.0"},
              {"ce_id", id},
              {"ce_type", "messaging.v1.CommandResult"},
              {"ce_source", source},
              {"ce_time", rfc3339(command.time)},
              {"content-type", protobuf},
              {"ce_correlationid", command.correlation_id},
              {"ce_causationid", command.id}};
  add_if_given(headers_, "ce_subject", aggregate_id);
  add_trace(command);
  append(command.lane, topics::command_results, kafka::partition_for(command.id, partitions_), command.id, result);
  // How many partitions the sender's own topic has is not ours to know: its client-side partitioner decides by the key.
  if (!command.reply_to.empty()) append(command.lane, command.reply_to, -1, command.id, result);
}

void Outbox::command(const Envelope& cause, std::string_view stream, std::uint64_t number, const OwnCommand& command) {
  const std::string id = own_id(cause, stream, number, command);
  append_entry(pending_[cause.lane].messages, own_message(cause, command, id, cause.time));
  ++pending_[cause.lane].count;
}

std::string Outbox::later_command(const Envelope& cause, std::string_view stream, std::uint64_t number,
                                  const OwnCommand& command, Time due) {
  const std::string id = own_id(cause, stream, number, command);
  std::string entry;
  append_entry(entry, own_message(cause, command, id, due));
  return entry;
}

void Outbox::scheduled(std::string_view entry) {
  pending_[topics::clock_lane].messages.append(entry);
  ++pending_[topics::clock_lane].count;
}

// Views into its arguments and into headers_.
kafka::OutgoingMessage Outbox::own_message(const Envelope& cause, const OwnCommand& command, std::string_view id,
                                           Time time) {
  headers_ = {{"ce_specversion", "1.0"},   {"ce_id", id},
              {"ce_type", command.type},   {"ce_source", source},
              {"ce_time", rfc3339(time)},  {"ce_subject", command.aggregate_id},
              {"content-type", protobuf},  {"ce_correlationid", cause.correlation_id},
              {"ce_causationid", cause.id}};
  add_trace(cause);
  auto topic = topics::commands_of(command.type);
  if (topic.empty()) topic = topics::command_topics[cause.lane];  // on parked commands: where they came by
  return {topic, kafka::partition_for(command.aggregate_id, partitions_),
          command.aggregate_id, command.payload, headers_};
}

// Who asked, and in which trace.
void Outbox::add_trace(const Envelope& cause) {
  add_if_given(headers_, "ce_authid", cause.principal);
  add_if_given(headers_, "traceparent", cause.traceparent);
  add_if_given(headers_, "tracestate", cause.tracestate);
}

// As they came, under the id that the command is known by.
void Outbox::take_headers(const kafka::Message& record, const Envelope& envelope) {
  headers_.assign(record.headers.begin(), record.headers.end());
  if (!record.header("ce_id")) headers_.push_back({"ce_id", envelope.id});
}

void Outbox::forward(const kafka::Message& record, const Envelope& envelope, std::int32_t partition,
                     const std::string* payload) {
  take_headers(record, envelope);
  if (payload != nullptr) {
    std::erase_if(headers_, [](const kafka::Header& header) { return header.name == "content-type"; });
    headers_.push_back({"content-type", protobuf});
  }
  append(envelope.lane, record.topic, partition, record.key, payload == nullptr ? record.value : *payload);
}

void Outbox::forward_unproved(const kafka::Message& record, const Envelope& envelope, std::int32_t partition) {
  take_headers(record, envelope);
  headers_.push_back({intake::unproved_header, "1"});
  append(envelope.lane, record.topic, partition, record.key, record.value);
}

void Outbox::dead_letter(const kafka::Message& record, const Envelope& envelope, const Undecodable& why,
                         std::string_view parked_stream) {
  const Digits partition{record.partition}, offset{record.offset};
  headers_.assign(record.headers.begin(), record.headers.end());
  for (const kafka::Header header : {kafka::Header{"dlq-reason", why.reason},
                                     {"dlq-detail", why.detail},
                                     {"dlq-topic", record.topic},
                                     {"dlq-partition", partition},
                                     {"dlq-offset", offset},
                                     {"dlq-time", rfc3339(envelope.time)}}) {
    headers_.push_back(header);
  }
  add_if_given(headers_, "dlq-stream", parked_stream);
  append(envelope.lane, topics::dead_letters, kafka::partition_for(record.key.value_or(""), partitions_), record.key,
         record.value);
}

void Outbox::clear() {
  for (auto& lane : pending_) {
    lane.count = 0;
    lane.messages.clear();
  }
}

void Outbox::append(Lane lane, std::string_view topic, std::int32_t partition, std::optional<std::string_view> key,
                    std::string_view value) {
  append_entry(pending_[lane].messages, {topic, partition, key, value, headers_});
  ++pending_[lane].count;
}

const std::string& Outbox::rfc3339(Time time) {
  if (time != last_time_ || last_time_text_.empty()) {
    last_time_ = time;
    last_time_text_ = to_rfc3339(time);
  }
  return last_time_text_;
}

}  // namespace orderly::outbox
