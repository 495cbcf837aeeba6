#include "cli/text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "domain/values.h"

namespace orderly::cli {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The bytes of the character at the front, 0 when they are no UTF-8.
std::size_t character_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (domain::is_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

// C0, DEL and C1: what a terminal may take for an order.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_escaped(std::string& to, std::string_view bytes) {
  if (bytes == "\n" || bytes == "\t" || bytes == "\r") {
    to.append(bytes == "\n" ? "\\n" : bytes == "\t" ? "\\t" : "\\r");
    return;
  }
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    to.append("\\x").append(1, digits[value >> 4]).append(1, digits[value & 0xF]);
  }
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string result;
  while (!text.empty()) {
    const auto size = character_size(text);
    const auto character = text.substr(0, std::max<std::size_t>(1, size));
    const bool plain = size > 0 && (!is_control(character) || kept.find(character) != std::string_view::npos);
    if (plain) {
      result.append(character);
    } else {
      append_escaped(result, character);
    }
    text.remove_prefix(character.size());
  }
  return result;
}

void append_hex(std::string& to, std::uint64_t value, int width) {
  for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) to.append(1, digits[value >> shift & 0xF]);
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string with_decimals(double number, int decimals) {
  std::array<char, 64> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed, decimals);
  return error == std::errc{} ? std::string{text.data(), end} : "?";
}

std::string one_line(std::string_view text) { return escaped(text, ""); }
std::string printable(std::string_view text) { return escaped(text, "\n\t"); }

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
}

std::string shortened(std::string_view text, std::size_t characters) {
  if (length(text) <= characters) return std::string{text};
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && ++seen == characters) break;
  }
  return std::string{text.substr(0, end)} + "…";
}

bool is_readable(std::string_view bytes) { return printable(bytes) == bytes; }

std::string hex_dump(std::string_view bytes) {
  constexpr std::size_t width = 16;
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); at += width) {
    const auto row = bytes.substr(at, width);
    append_hex(dump, at, 8);
    dump.append("  ");
    for (std::size_t i = 0; i < width; ++i) {
      if (i < row.size()) append_hex(dump, static_cast<unsigned char>(row[i]), 2);
      dump.append(i < row.size() ? " " : "   ");
    }
    dump.append(" |");
    for (const char byte : row) dump.append(1, byte >= ' ' && byte <= '~' ? byte : '.');
    dump.append("|\n");
  }
  return dump;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) text.append(text.empty() ? "" : separator).append(part);
  return text;
}

}  // namespace orderly::cli
