#include "intake/command_codec.h"

#include <algorithm>

#include "common/tracing/trace_context.h"
#include "intake/command_types.h"
#include "intake/message_reader.h"
#include "topics.h"

namespace orderly::intake {
namespace {

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) { return c >= '!' && c <= '~'; });
}

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string text(std::optional<std::string_view> header) { return header ? std::string{*header} : std::string{}; }

}  // namespace

struct CommandCodec::Tables {
  MessageReader reader;
  CommandTypes types = command_types();
};

CommandCodec::CommandCodec() : tables_(std::make_unique<Tables>()) {}

CommandCodec::~CommandCodec() = default;

Envelope CommandCodec::read_envelope(const kafka::Message& record, Lane lane) const {
  Envelope envelope;
  for (const auto& [name, value] : record.headers) {
    if (name == "ce_id")
      envelope.id = value;
    else if (name == "ce_type")
      envelope.type = value;
    else if (name == "ce_correlationid")
      envelope.correlation_id = value;
    else if (name == "ce_causationid")
      envelope.causation_id = value;
    else if (name == "traceparent")
      envelope.traceparent = value;
    else if (name == "tracestate")
      envelope.tracestate = value;
    else if (name == "reply-to")
      envelope.reply_to = value;
    else if (name == "ce_authid")
      envelope.principal = value;
    else if (name == "ce_source")
      envelope.is_our_own = value == topics::our_source;
  }
  if (!is_id(envelope.id))
    envelope.id =
        std::string{record.topic} + '/' + std::to_string(record.partition) + '/' + std::to_string(record.offset);
  if (!is_id(envelope.correlation_id)) envelope.correlation_id = envelope.id;
  if (!is_id(envelope.causation_id)) envelope.causation_id.clear();
  if (!is_id(envelope.principal)) envelope.principal.clear();
  if (!is_topic_name(envelope.reply_to) || topics::is_ours(envelope.reply_to)) envelope.reply_to.clear();
  if (!tracing::is_traceparent(envelope.traceparent)) envelope.traceparent.clear();
  if (envelope.traceparent.empty() || envelope.tracestate.size() > tracing::max_tracestate_bytes) {
    envelope.tracestate.clear();
  }
  envelope.lane = lane;
  envelope.time = from_unix_ms(record.timestamp_ms);
  return envelope;
}

std::optional<Undecodable> CommandCodec::check_headers(const kafka::Message& record, const Envelope& envelope) const {
  const auto id = record.header("ce_id");
  if (id && !is_id(*id))
    return Undecodable{"INVALID_HEADER", "ce_id", "ce_id: must be 1 to 64 printable ASCII characters"};
  const auto version = record.header("ce_specversion");
  if (version && *version != "1.0")
    return Undecodable{"INVALID_HEADER", "ce_specversion", "ce_specversion: must be 1.0"};
  const auto reply_to = record.header("reply-to");
  if (reply_to && envelope.reply_to.empty()) {
    return Undecodable{"INVALID_HEADER", "reply-to",
                       "reply-to: must be the name of a topic that is not one of the system's own"};
  }
  for (const auto* name : {"ce_correlationid", "ce_causationid", "ce_authid"}) {
    const auto value = record.header(name);
    if (value && !is_id(*value)) {
      return Undecodable{"INVALID_HEADER", name, std::string{name} + ": must be 1 to 64 printable ASCII characters"};
    }
  }
  if (envelope.type.empty()) {
    return Undecodable{"MISSING_TYPE", "ce_type",
                       "ce_type: missing; it names the command, such as allocation.v1.Allocate"};
  }
  return std::nullopt;
}

std::expected<Command, Undecodable> CommandCodec::read_command(const kafka::Message& record, const Envelope& envelope) {
  if (auto problem = check_headers(record, envelope)) return std::unexpected{std::move(*problem)};
  const auto found = tables_->types.find(envelope.type);
  if (found == tables_->types.end()) {
    return std::unexpected{
        Undecodable{"UNKNOWN_TYPE", "ce_type", "ce_type: unknown command type " + domain::quoted(envelope.type)}};
  }
  const auto topic = topics::commands_of(envelope.type);
  const bool is_for_any = envelope.type.starts_with("messaging.v1.");  // an operator's, on the topic that it is about
  if (topic != record.topic && !is_for_any) {
    return std::unexpected{
        Undecodable{"WRONG_TOPIC", "ce_type", "ce_type: " + envelope.type + " belongs in topic " + std::string{topic}}};
  }
  if (record.value.size() > max_command_bytes) {
    return std::unexpected{Undecodable{
        "TOO_LARGE", "value",
        "value: at most " + std::to_string(max_command_bytes) + " bytes, got " + std::to_string(record.value.size())}};
  }
  auto& message = *found->second.message;
  const auto content_type = text(record.header("content-type"));
  std::optional<ReadError> error;
  if (content_type.empty() || content_type == "application/protobuf") {
    error = tables_->reader.read_protobuf(record.value, message);
  } else if (content_type == "application/json" || content_type.starts_with("application/json;")) {
    error = tables_->reader.read_json(record.value, message);
  } else {
    error = ReadError{"content-type",
                      "must be application/protobuf or application/json, got " + domain::quoted(content_type)};
  }
  if (!error) return found->second.translate(message);
  std::string detail = error->field.empty() ? error->reason : error->field + ": " + error->reason;
  return std::unexpected{Undecodable{"UNREADABLE", std::move(error->field), std::move(detail)}};
}

}  // namespace orderly::intake
