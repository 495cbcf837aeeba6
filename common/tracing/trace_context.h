// W3C trace context (https://www.w3.org/TR/trace-context/): which trace, which span is the parent, whether it is
// recorded.
//
//   traceparent = "00-" 32 hex (trace id) "-" 16 hex (parent's span id) "-" 2 hex (flags; bit 0: sampled)
//
// Threads: any. Failures: what is no traceparent is nothing, as the standard says: such a message begins anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderly::tracing {

inline constexpr std::size_t max_tracestate_bytes = 512;

struct TraceContext {
  std::uint64_t trace_high = 0, trace_low = 0;  // never both 0
  std::uint64_t span_id = 0;                    // of the parent for who receives it; never 0
  std::uint8_t flags = 0;

  bool sampled() const { return (flags & 1) != 0; }
};

// A version higher than 00 is read as far as it is known.
std::optional<TraceContext> parse_traceparent(std::string_view header);

// The same check without the numbers.
bool is_traceparent(std::string_view header);

std::string to_traceparent(const TraceContext& context);

std::string to_hex(std::uint64_t number);  // 16 digits

}  // namespace orderly::tracing
