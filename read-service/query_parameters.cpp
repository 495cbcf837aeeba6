#include "read-service/query_parameters.h"

#include <algorithm>
#include <charconv>

#include "common/clock/rfc3339.h"
#include "read-service/page_token.h"

namespace orderly::read {
namespace {

http::Problem bad(const std::string& detail) { return {.status = 400, .detail = detail}; }

template <class Number>
std::optional<Number> to_number(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<http::Problem> refuse_unknown(const http::Parameters& query, const std::vector<std::string>& known) {
  for (const auto& [name, value] : query) {
    if (std::ranges::find(known, name) == known.end()) return bad("unknown query parameter " + name);
    if (value.empty()) return bad(name + ": a value is missing");
  }
  return std::nullopt;
}

// Fills in what the token carries; a filter given beside it must be the same.
std::optional<http::Problem> continue_page(const ListRoute& route, const std::string& text, ListRequest& request) {
  auto token = decode_page_token(text);
  if (!token || token->after.size() != route.key_size) return bad("page_token: not one that this service gave");
  if (token->route != route.path) return bad("page_token: it belongs to another list");
  for (const auto& [name, value] : request.filters) {
    const auto* carried = token->filters.contains(name) ? &token->filters.find(name)->second : nullptr;
    if (carried == nullptr || *carried != value) return bad("page_token: it belongs to a list with another " + name);
  }
  request.filters = std::move(token->filters);
  request.after = std::move(token->after);
  return std::nullopt;
}

// A plus sign that was not percent-encoded comes as a space.
std::optional<Time> parse_time(std::string text) {
  constexpr std::size_t behind_the_date = 11;
  if (const auto space = text.find(' ', behind_the_date); space != std::string::npos) text[space] = '+';
  return parse_rfc3339(text);
}

std::expected<std::optional<AsOf>, http::Problem> parse_as_of(const http::Parameters& query) {
  const auto time = query.find("as_of"), version = query.find("as_of_version");
  if (time == query.end() && version == query.end()) return std::nullopt;
  if (time != query.end() && version != query.end()) {
    return std::unexpected{bad("as_of: a time or as_of_version is wanted, not both")};
  }
  AsOf as_of;
  if (time != query.end()) {
    as_of.time = parse_time(time->second);
    if (!as_of.time) {
      return std::unexpected{bad("as_of: an RFC 3339 time such as 2026-01-31T12:00:00Z wanted, got " + time->second)};
    }
  } else {
    as_of.version = to_number<std::int64_t>(version->second).value_or(0);
    if (as_of.version < 1) {
      return std::unexpected{bad("as_of_version: a positive number wanted, got " + version->second)};
    }
  }
  return as_of;
}

}  // namespace

std::expected<ListRequest, http::Problem> parse_list_request(const ListRoute& route, const http::Request& asked) {
  const auto& query = asked.query;
  auto known = route.filters;
  known.insert(known.end(), {"limit", "page_token"});
  if (const auto problem = refuse_unknown(query, known)) return std::unexpected{*problem};
  ListRequest request{.filters = asked.parameters, .after = {}, .most = usual_per_page};
  for (const auto& [name, value] : query) {
    if (name != "limit" && name != "page_token") request.filters.emplace(name, value);
  }
  if (const auto limit = query.find("limit"); limit != query.end()) {
    request.most = to_number<std::int64_t>(limit->second).value_or(0);
    if (request.most < 1 || request.most > most_per_page) {
      return std::unexpected{bad("limit: a number from 1 to 1000 wanted, got " + limit->second)};
    }
  }
  if (const auto token = query.find("page_token"); token != query.end()) {
    if (const auto problem = continue_page(route, token->second, request)) return std::unexpected{*problem};
  }
  return request;
}

std::expected<Freshness, http::Problem> parse_freshness(const ResourceRoute& route, const http::Parameters& query) {
  std::vector<std::string> known{"min_version", "wait"};
  if (route.as_of) known.insert(known.end(), {"as_of", "as_of_version"});
  if (const auto problem = refuse_unknown(query, known)) return std::unexpected{*problem};
  const auto as_of = parse_as_of(query);
  if (!as_of) return std::unexpected{as_of.error()};
  Freshness freshness{.as_of = *as_of};
  const auto min_version = query.find("min_version");
  if (min_version != query.end()) {
    freshness.min_version = to_number<std::int64_t>(min_version->second).value_or(0);
    if (freshness.min_version < 1) {
      return std::unexpected{bad("min_version: a positive number wanted, got " + min_version->second)};
    }
  }
  const auto wait = query.find("wait");
  if (wait == query.end()) return freshness;
  const auto seconds = to_number<double>(wait->second).value_or(-1);
  if (!(seconds >= 0 && seconds <= std::chrono::duration<double>(longest_wait).count())) {
    return std::unexpected{bad("wait: seconds from 0 to 30 wanted, got " + wait->second)};
  }
  freshness.wait = std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  if (min_version != query.end()) return freshness;
  if (!route.waits_for_existence) return std::unexpected{bad("wait: needs min_version, the version to wait for")};
  freshness.min_version = 1;
  return freshness;
}

std::string id_in_path(const std::string& route, const http::Parameters& parameters) {
  std::string id;
  for (auto at = route.find(':'); at != std::string::npos; at = route.find(':', at + 1)) {
    const auto name = route.substr(at + 1, route.find('/', at) - at - 1);
    if (!id.empty()) id += '/';
    id += parameters.at(name);
  }
  return id;
}

}  // namespace orderly::read
