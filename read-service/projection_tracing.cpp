#include "read-service/projection_tracing.h"

namespace orderly::read {

void ProjectionTracing::applied(const EventBatch& batch) {
  std::vector<tracing::Span> spans;
  const auto now = tracer_.now();
  for (const auto& event : batch.events) {
    if (event.traceparent.empty()) continue;
    const auto parent = tracer_.continued(event.traceparent);
    if (!parent) continue;
    auto& span = spans.emplace_back();
    span.context = *parent;
    span.parent_id = parent->span_id;
    span.context.span_id = tracer_.new_span_id();
    span.name = "project " + std::string{event.type};
    span.kind = tracing::Span::Kind::consumer;
    span.start = batch.polled;
    span.end = now;
    span.attributes = {{"messaging.system", "kafka"},
                       {"messaging.operation.name", "process"},
                       {"messaging.destination.name", std::string{event.topic}},
                       {"messaging.destination.partition.id", std::to_string(event.partition)},
                       {"messaging.kafka.offset", event.offset},
                       {"messaging.message.id", std::string{event.id}},
                       {"orderly.command_id", std::string{event.causation_id}},
                       {"orderly.correlation_id", std::string{event.correlation_id}}};
  }
  tracer_.record(std::move(spans));
}

}  // namespace orderly::read
