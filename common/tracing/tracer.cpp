#include "common/tracing/tracer.h"

#include <xxhash.h>

#include <algorithm>

namespace orderly::tracing {
namespace {

constexpr double two_to_64 = 18446744073709551616.0;

}  // namespace

std::optional<TraceContext> Tracer::continued(std::string_view traceparent) const {
  if (traceparent.empty()) return std::nullopt;
  const auto context = parse_traceparent(traceparent);
  return context && context->sampled() ? context : std::nullopt;
}

std::optional<TraceContext> Tracer::begun(std::string_view conversation) const {
  if (options_.ratio <= 0) return std::nullopt;
  const auto hash = XXH3_128bits(conversation.data(), conversation.size());
  if (static_cast<double>(hash.low64) >= options_.ratio * two_to_64) return std::nullopt;
  return TraceContext{hash.high64, std::max<std::uint64_t>(1, hash.low64), 0, 1};
}

std::uint64_t Tracer::new_span_id() const {
  const auto number = next_.fetch_add(1, std::memory_order_relaxed);
  return std::max<std::uint64_t>(1, XXH3_64bits_withSeed(&number, sizeof number, options_.seed));
}

std::uint64_t derived_span_id(const TraceContext& trace, std::string_view purpose, std::uint64_t number) {
  const auto seed = trace.trace_low ^ (number * 0x9E3779B97F4A7C15U);
  return std::max<std::uint64_t>(1, XXH3_64bits_withSeed(purpose.data(), purpose.size(), seed));
}

}  // namespace orderly::tracing
