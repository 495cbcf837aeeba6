#include "common/http/negotiate.h"

#include "common/http/gzip.h"

namespace orderly::http {
namespace {

// A list of tags or *, compared weakly.
bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  if (if_none_match == "*") return true;
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  for (auto at = if_none_match.find(etag); at != if_none_match.npos; at = if_none_match.find(etag, at + 1)) {
    const auto end = at + etag.size();
    if (end == if_none_match.size() || if_none_match[end] == ',' || if_none_match[end] == ' ') return true;
  }
  return false;
}

const std::string* find_field(const Fields& fields, std::string_view name) {
  for (const auto& [field, value] : fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

}  // namespace

Wishes wishes_of(const Request& request) {
  Wishes wishes;
  wishes.gzip = accepts_gzip(request.header("accept-encoding").value_or(""));
  if (request.method == "GET" || request.method == "HEAD") {
    wishes.if_none_match = request.header("if-none-match").value_or("");
  }
  return wishes;
}

bool negotiate(Response& response, const Wishes& wishes, const Offers& offers) {
  if (!offers.cors_origin.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Origin", offers.cors_origin);
    response.headers.emplace_back("Access-Control-Expose-Headers", "ETag");
  }
  const auto* etag = find_field(response.headers, "ETag");
  const bool known = response.status == 200 && etag != nullptr && matches_etag(wishes.if_none_match, *etag);
  if (known) response.status = 304;
  if (response.body.size() < offers.gzip_from_bytes) return known;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!wishes.gzip || find_field(response.headers, "Content-Encoding") != nullptr) return known;
  response.body = gzip_compress(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
  return known;
}

}  // namespace orderly::http
