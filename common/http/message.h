// An HTTP request and its response as our handlers see them; no word of the server underneath.
// Threads: plain values. Failures: none.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderly::http {

using Fields = std::vector<std::pair<std::string, std::string>>;
using Parameters = std::map<std::string, std::string, std::less<>>;
using Names = std::set<std::string, std::less<>>;

struct Request {
  std::string method;     // HEAD is GET to a handler; the server leaves the body out
  std::string path;       // as it was sent, without the query
  Parameters parameters;  // of the route, percent-decoded, by name and never empty: /orders/:order_id
  Parameters query;       // percent-decoded
  Fields headers;
  std::string body;

  // Upper and lower case are the same. Empty optional: not sent.
  std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  Fields headers;
  std::string body;
};

Response json_response(std::string body);

}  // namespace orderly::http
