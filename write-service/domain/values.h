// Values shared by the aggregates (dates, money) and the checks of single fields, with their limits.
// Pure functions, callable from any thread. A check gives nothing for a good value, else an invalid_command Rejection
// that names field, reason and limit; it repeats at most 60 bytes of a bad value and is always valid UTF-8.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/decider.h"

namespace orderly::domain {

inline constexpr std::size_t max_id_bytes = 100;
inline constexpr std::size_t max_reason_bytes = 500;
inline constexpr std::int64_t max_quantity = 2'147'483'647;

using Date = std::chrono::year_month_day;

// Exactly "YYYY-MM-DD", a day that exists; nothing for anything else.
std::optional<Date> parse_date(std::string_view text);
std::string to_string(const Date& date);

struct Money {
  std::string currency;  // three upper-case letters, as ISO 4217 has them
  std::int64_t minor_units = 0;
  bool operator==(const Money&) const = default;
};

// "EUR 1999": minor units, since how many make one is the currency's own affair.
std::string to_string(const Money& money);

// Nothing on overflow; add also when the currencies differ.
std::optional<Money> add(const Money& a, const Money& b);
std::optional<Money> multiply(const Money& money, std::int64_t factor);

bool is_utf8(std::string_view text);

// In quotes, cut to 60 bytes; what is not printable UTF-8 becomes '?'.
std::string quoted(std::string_view value);
inline std::string quoted(const std::string& value) { return quoted(std::string_view{value}); }  // else std::quoted is found, too

Rejection invalid(std::string_view field, std::string_view reason);

// 1 to max_id_bytes bytes of UTF-8 without control characters.
std::optional<Rejection> check_id(std::string_view field, std::string_view value);
// At most max_reason_bytes bytes of UTF-8, without control characters except line breaks and tabs; may be empty.
std::optional<Rejection> check_reason(std::string_view field, std::string_view value);
std::optional<Rejection> check_quantity(std::string_view field, std::int64_t value, std::int64_t least = 1);
std::optional<Rejection> check_date(std::string_view field, const Date& value);
// From 1970 to the end of the year 9999.
std::optional<Rejection> check_time(std::string_view field, Time value);
// A well-formed currency and an amount of at least 0.
std::optional<Rejection> check_money(std::string_view field, const Money& value);

}  // namespace orderly::domain
