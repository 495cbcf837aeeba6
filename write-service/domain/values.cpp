#include "domain/values.h"

#include <algorithm>

namespace orderly::domain {
namespace {

constexpr std::size_t max_echo_bytes = 60;

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// The first code point of a text that is not empty. Overlong forms, surrogates and values past U+10FFFF are not UTF-8.
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = sequence_length(lead);
  if (length == 1) return {lead, 1};
  if (length == 0 || text.size() < length) return {};
  char32_t value = lead & (0xFFU >> (length + 1));
  for (const char c : text.substr(1, length - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }
bool is_line_break_or_tab(char32_t c) { return c == '\n' || c == '\r' || c == '\t'; }

enum class Controls { none, line_breaks };

// What is wrong with the characters, or nullptr.
const char* character_problem(std::string_view text, Controls allowed) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.bytes == 0) return "must be valid UTF-8";
    const bool excused = allowed == Controls::line_breaks && is_line_break_or_tab(point.value);
    if (is_control(point.value) && !excused) return "must not contain control characters";
    text.remove_prefix(point.bytes);
  }
  return nullptr;
}

std::string got(std::string_view value) { return ", got " + quoted(value); }

// Two or four decimal digits and nothing else, or -1.
int digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string padded(unsigned value, std::size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = digits(text.substr(0, 4));
  const int month = digits(text.substr(5, 2));
  const int day = digits(text.substr(8, 2));
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const Date date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                  std::chrono::day{static_cast<unsigned>(day)}};
  return date.ok() ? std::optional{date} : std::nullopt;
}

std::string to_string(const Date& date) {
  const int year = static_cast<int>(date.year());
  return (year < 0 ? "-" : "") + padded(static_cast<unsigned>(year < 0 ? -year : year), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" + padded(static_cast<unsigned>(date.day()), 2);
}

std::string to_string(const Money& money) { return money.currency + " " + std::to_string(money.minor_units); }

std::optional<Money> add(const Money& a, const Money& b) {
  std::int64_t sum = 0;
  if (a.currency != b.currency || __builtin_add_overflow(a.minor_units, b.minor_units, &sum)) return std::nullopt;
  return Money{a.currency, sum};
}

std::optional<Money> multiply(const Money& money, std::int64_t factor) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(money.minor_units, factor, &product)) return std::nullopt;
  return Money{money.currency, product};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.bytes == 0) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

std::string quoted(std::string_view value) {
  std::string shown = "'";
  std::size_t taken = 0;
  while (!value.empty()) {
    const CodePoint point = first_code_point(value);
    const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
    if (taken + bytes > max_echo_bytes) return shown + "'...";
    const bool printable = point.bytes > 0 && !is_control(point.value);
    shown += printable ? value.substr(0, bytes) : std::string_view{"?"};
    taken += bytes;
    value.remove_prefix(bytes);
  }
  return shown + "'";
}

Rejection invalid(std::string_view field, std::string_view reason) {
  return {RejectionCode::invalid_command, std::string{field}, std::string{field} + ": " + std::string{reason}};
}

std::optional<Rejection> check_id(std::string_view field, std::string_view value) {
  if (value.empty()) return invalid(field, "must not be empty");
  if (value.size() > max_id_bytes) {
    return invalid(field, "must have at most " + std::to_string(max_id_bytes) + " bytes, got " +
                              std::to_string(value.size()) + ": " + quoted(value));
  }
  if (const char* problem = character_problem(value, Controls::none)) return invalid(field, problem + got(value));
  return std::nullopt;
}

std::optional<Rejection> check_reason(std::string_view field, std::string_view value) {
  if (value.size() > max_reason_bytes) {
    return invalid(
        field, "must have at most " + std::to_string(max_reason_bytes) + " bytes, got " + std::to_string(value.size()));
  }
  if (const char* problem = character_problem(value, Controls::line_breaks)) {
    return invalid(field, problem + got(value));
  }
  return std::nullopt;
}

std::optional<Rejection> check_quantity(std::string_view field, std::int64_t value, std::int64_t least) {
  if (value < least) {
    return invalid(field, "must be at least " + std::to_string(least) + ", got " + std::to_string(value));
  }
  if (value > max_quantity) {
    return invalid(field, "must be at most " + std::to_string(max_quantity) + ", got " + std::to_string(value));
  }
  return std::nullopt;
}

std::optional<Rejection> check_date(std::string_view field, const Date& value) {
  const int year = static_cast<int>(value.year());
  if (!value.ok() || year < 0 || year > 9999) return invalid(field, "must be a date from 0000-01-01 to 9999-12-31");
  return std::nullopt;
}

std::optional<Rejection> check_time(std::string_view field, Time value) {
  constexpr Time least{};
  constexpr Time most = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::hours{24};
  if (value >= least && value < most) return std::nullopt;
  return invalid(field, "must be a time from 1970 to 9999");
}

std::optional<Rejection> check_money(std::string_view field, const Money& value) {
  const auto upper_case = [](char c) { return c >= 'A' && c <= 'Z'; };
  const std::string prefix{field};
  if (value.currency.size() != 3 || !std::ranges::all_of(value.currency, upper_case)) {
    return invalid(prefix + ".currency", "must be three upper-case letters" + got(value.currency));
  }
  if (value.minor_units < 0) {
    return invalid(prefix + ".minor_units", "must be at least 0, got " + std::to_string(value.minor_units));
  }
  return std::nullopt;
}

}  // namespace orderly::domain
