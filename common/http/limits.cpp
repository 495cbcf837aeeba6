#include "common/http/limits.h"

namespace orderly::http {
namespace {

Problem too_long(int status, const std::string& what, std::size_t most_bytes) {
  return {.status = status, .detail = what + " longer than " + std::to_string(most_bytes) + " bytes"};
}

}  // namespace

std::optional<Problem> refuse_oversized(const Request& request, std::size_t url_bytes, const Limits& limits) {
  if (url_bytes > limits.url_bytes) return too_long(414, "the URL is", limits.url_bytes);
  std::size_t header_bytes = 0;
  for (const auto& [name, value] : request.headers) header_bytes += name.size() + value.size();
  if (header_bytes > limits.header_bytes) return too_long(431, "the headers are", limits.header_bytes);
  if (request.body.size() > limits.body_bytes) return too_long(413, "the body is", limits.body_bytes);
  return std::nullopt;
}

}  // namespace orderly::http
