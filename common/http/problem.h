// Problem documents (RFC 9457): type, title, status, detail, instance, and members of our own such as a lag.
// Threads: any. Failures: none.
//
//   return to_response({.status = 404, .detail = "there is no batch B1"}, request.path);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/http/message.h"

namespace orderly::http {

struct Problem {
  int status = 500;
  std::string detail;                // one sentence for this case
  std::string type = "about:blank";  // otherwise a name of ours, stable; then the title says what it means
  std::string title = {};            // empty: the status's own phrase
  std::vector<std::pair<std::string, std::variant<std::int64_t, std::string>>> members = {};
};

Response to_response(const Problem& problem, std::string_view instance);

// "Not Found" for 404.
std::string_view reason_phrase(int status);

}  // namespace orderly::http
