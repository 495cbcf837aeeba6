#include "intake/json_text.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "domain/values.h"

namespace orderly::intake {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t take_digits(std::string_view& rest) {
  const auto count = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(count);
  return count;
}

bool take_one_of(std::string_view& rest, std::string_view characters) {
  if (rest.empty() || characters.find(rest.front()) == characters.npos) return false;
  rest.remove_prefix(1);
  return true;
}

int base64_digit(char c, bool web_safe) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == (web_safe ? '-' : '+')) return 62;
  return c == (web_safe ? '_' : '/') ? 63 : -1;
}

// How many bytes of valid UTF-8 begin `text`; 0: none.
std::size_t code_point_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (domain::is_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

std::string_view trimmed(std::string_view token) { return token.substr(0, token.find_last_not_of(" \t\r\n") + 1); }

bool is_json_number(std::string_view token) {
  take_one_of(token, "-");
  const bool leading_zero = token.starts_with('0');
  const auto digits = take_digits(token);
  if (digits == 0 || (leading_zero && digits > 1)) return false;
  if (take_one_of(token, ".") && take_digits(token) == 0) return false;
  if (take_one_of(token, "eE")) {
    take_one_of(token, "+-");
    if (take_digits(token) == 0) return false;
  }
  return token.empty();
}

std::string shown(std::string_view token) {
  token = trimmed(token);
  if (token.empty()) return "nothing";
  if (token.front() == '{') return "an object";
  if (token.front() == '[') return "a list";
  if (token.size() >= 2 && token.front() == '"') return domain::quoted(token.substr(1, token.size() - 2));
  const bool plain = token == "true" || token == "false" || token == "null" || is_json_number(token);
  return plain ? shown_name(token) : domain::quoted(token);
}

std::string shown_name(std::string_view name) {
  std::string text = domain::quoted(name).substr(1);
  text.erase(text.rfind('\''), 1);  // 'long name'... loses its quotes and keeps its dots
  return text;
}

void put_before(std::string& path, std::string_view step) {
  if (!path.empty() && path.front() != '[') path.insert(0, 1, '.');
  path.insert(0, step);
}

std::optional<double> double_from_text(std::string_view text) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (text == "Infinity") return infinity;
  if (text == "-Infinity") return -infinity;
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!is_json_number(text)) return std::nullopt;
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::string> bytes_from_base64(std::string_view text) {
  const bool web_safe = text.find_first_of("-_") != text.npos;
  const auto digits = text.substr(0, text.find_last_not_of('=') + 1);
  const auto padding = text.size() - digits.size();
  if (digits.size() % 4 == 1 || (padding != 0 && padding != (4 - digits.size() % 4) % 4)) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : digits) {
    const int digit = base64_digit(c, web_safe);
    if (digit < 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFFU);
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

BrokenByte replace_broken_bytes(std::string& json, std::size_t size) {
  BrokenByte first;
  bool in_string = false, escaped = false;
  for (std::size_t i = 0, length = 1; i < size; i += length) {
    length = code_point_size(std::string_view{json}.substr(i, std::min<std::size_t>(4, size - i)));
    const bool control = in_string && static_cast<unsigned char>(json[i]) < 0x20;
    if (length == 0 || control) {
      const char* problem = control ? "holds a control character that is not escaped" : "is not valid UTF-8";
      if (!first.at) first = {json.data() + i, problem};
      json[i] = '?';
      length = 1;
    }
    if (json[i] == '"' && !escaped) in_string = !in_string;
    escaped = in_string && json[i] == '\\' && !escaped;
  }
  return first;
}

}  // namespace orderly::intake
