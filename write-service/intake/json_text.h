// Pieces of JSON text: what a token is and how an error shows it, numbers and base64 written in strings, broken bytes.
// Threads: any. Failures: no value, or an empty view; nothing throws.
// Text that errors show is valid UTF-8 without control characters, cut to 60 bytes.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace orderly::intake {

// A token without the white space behind it.
std::string_view trimmed(std::string_view token);
bool is_json_number(std::string_view token);

// The input as an error shows it: an object, a list, '3x', 1.5.
std::string shown(std::string_view token);
// A name in a path, without quotes.
std::string shown_name(std::string_view name);
// Puts a step before the path of an error: "items" + "[3].sku", "[3]" + "sku".
void put_before(std::string& path, std::string_view step);

// Decimal digits with an optional sign and nothing else, within the type's range.
template <class Integer>
std::optional<Integer> integer_from_text(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits, point and exponent, or Infinity, -Infinity, NaN.
std::optional<double> double_from_text(std::string_view text);

// Either alphabet, with its padding or without; bits beyond the last byte must be 0. Protobuf is as strict.
std::optional<std::string> bytes_from_base64(std::string_view text);

// The first byte that no JSON text may hold: not UTF-8, or a control character within a string. All such bytes become
// '?', so that the text can be read as far as that byte, to name the field that holds it.
struct BrokenByte {
  const char* at = nullptr;
  const char* problem = nullptr;
};
BrokenByte replace_broken_bytes(std::string& json, std::size_t size);

}  // namespace orderly::intake
