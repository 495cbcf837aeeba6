#include "common/tracing/trace_context.h"

namespace orderly::tracing {
namespace {

constexpr std::size_t length = 55;  // of version 00

// Lower case alone, as the standard wants it.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::uint64_t> number(std::string_view hex) {
  std::uint64_t value = 0;
  for (const char c : hex) {
    const int d = digit(c);
    if (d < 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(d);
  }
  return value;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const auto version = number(header.substr(0, 2));
  if (!version || *version == 0xFF) return std::nullopt;
  if (header.size() > length && (*version == 0 || header[length] != '-')) return std::nullopt;
  const auto high = number(header.substr(3, 16)), low = number(header.substr(19, 16));
  const auto span = number(header.substr(36, 16)), flags = number(header.substr(53, 2));
  if (!high || !low || !span || !flags || (*high == 0 && *low == 0) || *span == 0) return std::nullopt;
  return TraceContext{*high, *low, *span, static_cast<std::uint8_t>(*flags)};
}

bool is_traceparent(std::string_view header) { return parse_traceparent(header).has_value(); }

std::string to_traceparent(const TraceContext& context) {
  std::string text = "00-";
  text.append(to_hex(context.trace_high)).append(to_hex(context.trace_low)).append(1, '-');
  text.append(to_hex(context.span_id)).append(context.sampled() ? "-01" : "-00");
  return text;
}

std::string to_hex(std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[number >> (60 - 4 * i) & 0xF];
  return text;
}

}  // namespace orderly::tracing
