#include "common/tracing/otlp.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace orderly::tracing {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void text(Writer& json, std::string_view value) {
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void member(Writer& json, const char* name, std::string_view value) {
  json.Key(name);
  text(json, value);
}

void attribute(Writer& json, std::string_view name, const std::variant<std::string, std::int64_t>& value) {
  json.StartObject();
  member(json, "key", name);
  json.Key("value");
  json.StartObject();
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    member(json, "intValue", std::to_string(*number));
  } else {
    member(json, "stringValue", std::get<std::string>(value));
  }
  json.EndObject();
  json.EndObject();
}

std::string nanoseconds(SpanTime time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

void write_event(Writer& json, const Span& span) {
  json.Key("events");
  json.StartArray();
  json.StartObject();
  member(json, "timeUnixNano", nanoseconds(span.event_time));
  member(json, "name", span.event);
  json.EndObject();
  json.EndArray();
}

void write_span(Writer& json, const Span& span) {
  constexpr int failed = 2;  // STATUS_CODE_ERROR
  json.StartObject();
  member(json, "traceId", to_hex(span.context.trace_high) + to_hex(span.context.trace_low));
  member(json, "spanId", to_hex(span.context.span_id));
  if (span.parent_id != 0) member(json, "parentSpanId", to_hex(span.parent_id));
  member(json, "name", span.name);
  json.Key("kind");
  json.Int(static_cast<int>(span.kind));
  member(json, "startTimeUnixNano", nanoseconds(span.start));
  member(json, "endTimeUnixNano", nanoseconds(span.end));
  json.Key("attributes");
  json.StartArray();
  for (const auto& [name, value] : span.attributes) attribute(json, name, value);
  json.EndArray();
  if (!span.event.empty()) write_event(json, span);
  if (!span.error.empty()) {
    json.Key("status");
    json.StartObject();
    json.Key("code");
    json.Int(failed);
    member(json, "message", span.error);
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

std::string to_otlp_json(const Resource& resource, std::span<const Span> spans) {
  rapidjson::StringBuffer buffer;
  Writer json{buffer};
  json.StartObject();
  json.Key("resourceSpans");
  json.StartArray();
  json.StartObject();
  json.Key("resource");
  json.StartObject();
  json.Key("attributes");
  json.StartArray();
  attribute(json, "service.name", resource.service);
  attribute(json, "service.instance.id", resource.instance);
  json.EndArray();
  json.EndObject();
  json.Key("scopeSpans");
  json.StartArray();
  json.StartObject();
  json.Key("scope");
  json.StartObject();
  member(json, "name", "orderly");
  json.EndObject();
  json.Key("spans");
  json.StartArray();
  for (const auto& span : spans) write_span(json, span);
  json.EndArray();
  json.EndObject();
  json.EndArray();
  json.EndObject();
  json.EndArray();
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace orderly::tracing
