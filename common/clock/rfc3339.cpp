#include "common/clock/rfc3339.h"

#include <charconv>

namespace orderly {
namespace {

void put(char* at, int digits, std::int64_t value) {
  for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// Reads exactly `digits` digits and moves on; false when they are not there.
bool take(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || text.front() == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return std::chrono::milliseconds{0};
  int fraction_ms = 0, scale = 100;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, scale /= 10) {
    fraction_ms += (text[digits] - '0') * scale;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return std::chrono::milliseconds{fraction_ms};
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes{0};
  const bool west = !text.empty() && text.front() == '-';
  int hours = 0, minutes = 0;
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  if (!take(text, 2, hours) || !take(text, ':') || !take(text, 2, minutes) || hours > 23 || minutes > 59)
    return std::nullopt;
  return std::chrono::minutes{(west ? -1 : 1) * (hours * 60 + minutes)};
}

}  // namespace

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::int64_t of_day_ms = (time - day).count();
  std::string text = "0000-00-00T00:00:00.000Z";
  put(text.data(), 4, static_cast<int>(date.year()));
  put(text.data() + 5, 2, static_cast<unsigned>(date.month()));
  put(text.data() + 8, 2, static_cast<unsigned>(date.day()));
  put(text.data() + 11, 2, of_day_ms / 3'600'000);
  put(text.data() + 14, 2, of_day_ms / 60'000 % 60);
  put(text.data() + 17, 2, of_day_ms / 1'000 % 60);
  put(text.data() + 20, 3, of_day_ms % 1'000);
  return text;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0;
  const bool read = take(text, 4, year) && take(text, '-') && take(text, 2, month) && take(text, '-') &&
                    take(text, 2, day) && (take(text, 'T') || take(text, 't') || take(text, ' ')) &&
                    take(text, 2, hours) && take(text, ':') && take(text, 2, minutes) && take(text, ':') &&
                    take(text, 2, seconds);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!read || !date.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + std::chrono::hours{hours} + std::chrono::minutes{minutes} +
         std::chrono::seconds{seconds} + *fraction - *offset;
}

}  // namespace orderly
