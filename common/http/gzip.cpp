#include "common/http/gzip.h"

#include <zlib.h>

#include <cstdlib>
#include <stdexcept>

namespace orderly::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string gzip_compress(std::string_view body) {
  z_stream stream{};
  constexpr int gzip_window = 15 + 16, memory_level = 8;
  // The fastest level: JSON shrinks to a fifth with it, and the slower ones gain little.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error{"zlib has no memory"};
  }
  std::string packed(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int code = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw std::runtime_error{"zlib could not finish"};
  return packed;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    auto coding = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), coding.size() + 1));
    const auto semicolon = coding.find(';');
    const auto name = trimmed(coding.substr(0, semicolon));
    if (name != "gzip" && name != "*") continue;
    if (semicolon == coding.npos) return true;
    const auto weight = trimmed(coding.substr(semicolon + 1));
    return !weight.starts_with("q=") || std::strtod(std::string{weight.substr(2)}.c_str(), nullptr) > 0;
  }
  return false;
}

}  // namespace orderly::http
