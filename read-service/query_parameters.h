// The query parameters that every view's routes share: limit, page_token, min_version, wait, as_of, as_of_version.
// Strict: what is unknown, malformed or out of range is refused by name.
// Threads: any. Failures are values: a Problem (400) for the client.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "common/http/message.h"
#include "common/http/problem.h"
#include "read-service/view.h"

namespace orderly::read {

inline constexpr std::int64_t most_per_page = 1'000, usual_per_page = 50;
inline constexpr std::chrono::seconds longest_wait{30};

std::expected<ListRequest, http::Problem> parse_list_request(const ListRoute& route, const http::Request& request);

struct Freshness {
  std::int64_t min_version = 0;  // 0: whatever there is
  std::chrono::milliseconds wait{0};
  std::optional<AsOf> as_of = {};  // asked of the view once it is that fresh
};
std::expected<Freshness, http::Problem> parse_freshness(const ResourceRoute& route, const http::Parameters& query);

// What the path of a resource names: the values of its parameters, in its order, with slashes between.
std::string id_in_path(const std::string& route, const http::Parameters& parameters);

}  // namespace orderly::read
