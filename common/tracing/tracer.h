// Decides what is recorded as a span, and hands it on. A program that records nothing has no Tracer at all: whoever
// could record holds a pointer that is null then. Threads: any. Failures: none; the sink must not wait.
//
//   if (tracer) if (const auto parent = tracer->continued(traceparent)) { … tracer->record({span}); }
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/tracing/trace_context.h"

namespace orderly::tracing {

using SpanTime = std::chrono::system_clock::time_point;

struct Attribute {
  std::string_view name;  // a literal: spans wait in a queue
  std::variant<std::string, std::int64_t> value;
};

struct Span {
  enum class Kind { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };  // as OTLP numbers them

  TraceContext context = {};    // its own id is context.span_id
  std::uint64_t parent_id = 0;  // 0: the trace begins here
  std::string name = {};
  Kind kind = Kind::internal;
  SpanTime start = {}, end = {};
  std::vector<Attribute> attributes = {};
  std::string event = {};  // something that happened in between, at event_time
  SpanTime event_time = {};
  std::string error = {};  // why it failed; empty: it did not
};

class Tracer {
 public:
  using Sink = std::function<void(std::vector<Span>)>;
  struct Options {
    double ratio = 0;        // of what comes without a traceparent, 0 to 1
    std::uint64_t seed = 0;  // tells the ids of this process from those of others
  };

  Tracer(Options options, Sink sink) : options_(options), sink_(std::move(sink)) {}

  // The parent of a span to be recorded: the sender says that the trace is.
  std::optional<TraceContext> continued(std::string_view traceparent) const;

  // For what comes without a traceparent. The trace's id and whether it is recorded follow from `conversation`, so that
  // all of it falls into one trace and a replay decides alike. Its span_id is 0: it has no parent.
  std::optional<TraceContext> begun(std::string_view conversation) const;

  std::uint64_t new_span_id() const;

  SpanTime now() const { return std::chrono::system_clock::now(); }
  void record(std::vector<Span> spans) const {
    if (!spans.empty()) sink_(std::move(spans));
  }

 private:
  const Options options_;
  const Sink sink_;
  mutable std::atomic<std::uint64_t> next_ = 1;
};

// A span's id that comes out the same again for the same record: never 0.
std::uint64_t derived_span_id(const TraceContext& trace, std::string_view purpose, std::uint64_t number);

}  // namespace orderly::tracing
