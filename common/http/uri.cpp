#include "common/http/uri.h"

#include <array>
#include <cstdint>

namespace orderly::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Bytes that follow this lead byte, and the smallest code point that may be written so; -1: not a lead byte.
struct Sequence {
  int following;
  std::uint32_t smallest;
  std::uint32_t bits;
};
Sequence sequence_of(unsigned char lead) {
  if (lead < 0x80) return {0, 0, lead};
  if (lead >= 0xC2 && lead < 0xE0) return {1, 0x80, lead & 0x1Fu};
  if (lead >= 0xE0 && lead < 0xF0) return {2, 0x800, lead & 0x0Fu};
  if (lead >= 0xF0 && lead < 0xF5) return {3, 0x10000, lead & 0x07u};
  return {-1, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto [following, smallest, point] = sequence_of(static_cast<unsigned char>(bytes[i]));
    if (following < 0 || bytes.size() - i <= static_cast<std::size_t>(following)) return false;
    for (; following > 0; --following) {
      const auto next = static_cast<unsigned char>(bytes[++i]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3Fu);
    }
    if (point < smallest || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!is_utf8(decoded)) return std::nullopt;
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 0xF]);
    }
  }
  return encoded;
}

std::expected<Parameters, std::string> parse_query(std::string_view query, const Names& repeatable) {
  Parameters parameters;
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), true);
    auto value = percent_decode(equals == piece.npos ? "" : piece.substr(equals + 1), true);
    if (!name || !value)
      return std::unexpected{"the query holds a broken percent-encoding or bytes that are not UTF-8"};
    const auto [at, added] = parameters.try_emplace(std::move(*name), *value);
    if (added) continue;
    if (!repeatable.contains(at->first)) return std::unexpected{"query parameter " + at->first + " is given twice"};
    at->second += ',' + *value;
  }
  return parameters;
}

}  // namespace orderly::http
