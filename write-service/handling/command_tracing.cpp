#include "handling/command_tracing.h"

namespace orderly::handling {
namespace {

using tracing::Span;

std::string place(const kafka::Message& record, bool released) {
  std::string text{record.topic};
  text.append(1, '/').append(std::to_string(record.partition));
  return released ? text.append("/released") : text;
}

std::string header(const kafka::OutgoingMessage& message, std::string_view name) {
  for (const auto& header : message.headers) {
    if (header.name == name) return std::string{header.value};
  }
  return {};
}

}  // namespace

void CommandTracing::begin(const kafka::Message& record, Envelope& envelope, bool released) {
  auto parent = tracer_.continued(envelope.traceparent);
  if (!parent && envelope.traceparent.empty()) parent = tracer_.begun(envelope.correlation_id);
  open_.push_back(parent ? spans_.size() : not_recorded);
  if (!parent) return;
  auto& span = spans_.emplace_back();
  span.context = *parent;
  span.parent_id = parent->span_id;
  span.context.span_id =
      tracing::derived_span_id(*parent, place(record, released), static_cast<std::uint64_t>(record.offset));
  span.name = "process " + envelope.type;
  span.kind = Span::Kind::consumer;
  span.start = tracer_.now();
  span.attributes = {{"messaging.system", "kafka"},
                     {"messaging.operation.name", "process"},
                     {"messaging.destination.name", std::string{record.topic}},
                     {"messaging.destination.partition.id", std::to_string(record.partition)},
                     {"messaging.kafka.offset", record.offset},
                     {"orderly.shard", std::int64_t{shard_}},
                     {"orderly.command_id", envelope.id},
                     {"orderly.correlation_id", envelope.correlation_id}};
  envelope.traceparent = tracing::to_traceparent(span.context);
}

void CommandTracing::end(const Envelope&, const Outcome& outcome) {
  const auto index = open_.back();
  open_.pop_back();
  if (index == not_recorded) return;
  auto& span = spans_[index];
  span.event = "decided";
  span.event_time = tracer_.now();
  span.attributes.push_back({"orderly.status", std::string{outcome.status}});
  if (!outcome.code.empty()) span.attributes.push_back({"orderly.code", outcome.code});
  if (outcome.status == "DEAD_LETTERED") span.error = outcome.code;
}

void CommandTracing::committed() {
  if (spans_.empty()) return;
  const auto now = tracer_.now();
  for (auto& span : spans_) span.end = now;
  tracer_.record(std::exchange(spans_, {}));
}

void CommandTracing::rolled_back() {
  spans_.clear();
  open_.clear();
}

Handler traced(CommandTracing& tracing, Handler next) {
  return [&tracing, next = std::move(next)](Incoming& incoming) {
    tracing.begin(incoming.record, incoming.envelope, incoming.released);
    try {
      auto outcome = next(incoming);
      tracing.end(incoming.envelope, outcome);
      return outcome;
    } catch (...) {
      tracing.rolled_back();
      throw;
    }
  };
}

void trace_published(const tracing::Tracer& tracer, std::span<const kafka::OutgoingMessage> messages,
                     std::chrono::steady_clock::duration took) {
  std::vector<Span> spans;
  const auto now = tracer.now();
  for (const auto& message : messages) {
    const auto parent = tracer.continued(header(message, "traceparent"));
    if (!parent) continue;
    auto& span = spans.emplace_back();
    span.context = *parent;
    span.parent_id = parent->span_id;
    span.context.span_id = tracer.new_span_id();
    span.name = "publish " + header(message, "ce_type");
    span.kind = Span::Kind::producer;
    span.start = now - std::chrono::duration_cast<tracing::SpanTime::duration>(took);
    span.end = now;
    span.attributes = {{"messaging.system", "kafka"},
                       {"messaging.operation.name", "publish"},
                       {"messaging.destination.name", std::string{message.topic}},
                       {"messaging.message.id", header(message, "ce_id")},
                       {"orderly.command_id", header(message, "ce_causationid")},
                       {"orderly.correlation_id", header(message, "ce_correlationid")}};
  }
  tracer.record(std::move(spans));
}

}  // namespace orderly::handling
