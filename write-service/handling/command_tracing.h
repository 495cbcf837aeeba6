// One shard's spans of commands: each from its handling's begin to its commit. What a command leads to carries on from
// its span, whose id follows from the record's place, so that a replay writes the same bytes. A rolled back batch
// leaves none. Threads: the shard's. Failures: none.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/tracing/tracer.h"
#include "handling/command_pipeline.h"

namespace orderly::handling {

class CommandTracing {
 public:
  CommandTracing(const tracing::Tracer& tracer, std::int32_t shard) : tracer_(tracer), shard_(shard) {}

  // Where the command is recorded, its envelope's traceparent names the span from here on. They nest.
  void begin(const kafka::Message& record, Envelope& envelope, bool released);
  void end(const Envelope& envelope, const Outcome& outcome);

  void committed();
  void rolled_back();

 private:
  static constexpr std::size_t not_recorded = static_cast<std::size_t>(-1);
  const tracing::Tracer& tracer_;
  const std::int32_t shard_;
  std::vector<tracing::Span> spans_;  // since the last commit
  std::vector<std::size_t> open_;     // of spans_, or not_recorded
};

Handler traced(CommandTracing& tracing, Handler next);

// Spans of messages that one Kafka transaction made visible, which took that long and has just ended.
void trace_published(const tracing::Tracer& tracer, std::span<const kafka::OutgoingMessage> messages,
                     std::chrono::steady_clock::duration took);

}  // namespace orderly::handling
