// What is refused for its size before any handler sees it; the connection itself is closed at twice these sizes.
// Threads: any. Failures are values: a Problem (413, 414, 431) for the client.
#pragma once

#include <cstddef>
#include <optional>

#include "common/http/message.h"
#include "common/http/problem.h"

namespace orderly::http {

struct Limits {
  std::size_t url_bytes = 0, header_bytes = 0, body_bytes = 0;
};

std::optional<Problem> refuse_oversized(const Request& request, std::size_t url_bytes, const Limits& limits);

}  // namespace orderly::http
