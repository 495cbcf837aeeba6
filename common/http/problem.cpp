#include "common/http/problem.h"

#include <algorithm>

#include "common/http/json.h"

namespace orderly::http {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (equal_ignoring_case(field, name)) return value;
  }
  return std::nullopt;
}

Response json_response(std::string body) {
  return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> phrases[] = {{200, "OK"},
                                                                 {202, "Accepted"},
                                                                 {204, "No Content"},
                                                                 {304, "Not Modified"},
                                                                 {400, "Bad Request"},
                                                                 {401, "Unauthorized"},
                                                                 {403, "Forbidden"},
                                                                 {404, "Not Found"},
                                                                 {405, "Method Not Allowed"},
                                                                 {409, "Conflict"},
                                                                 {413, "Content Too Large"},
                                                                 {414, "URI Too Long"},
                                                                 {422, "Unprocessable Content"},
                                                                 {431, "Request Header Fields Too Large"},
                                                                 {500, "Internal Server Error"},
                                                                 {503, "Service Unavailable"},
                                                                 {504, "Gateway Timeout"}};
  const auto* found = std::ranges::find(phrases, status, &std::pair<int, std::string_view>::first);
  return found == std::end(phrases) ? "Unknown" : found->second;
}

Response to_response(const Problem& problem, std::string_view instance) {
  JsonWriter json;
  json.begin_object().member("type", std::string_view{problem.type});
  json.member("title", problem.title.empty() ? reason_phrase(problem.status) : std::string_view{problem.title});
  json.member("status", problem.status).member_if_any("detail", problem.detail).member_if_any("instance", instance);
  for (const auto& [name, content] : problem.members) {
    json.key(name);
    std::visit([&](const auto& value) { json.value(value); }, content);
  }
  json.end_object();
  return {.status = problem.status, .headers = {{"Content-Type", "application/problem+json"}}, .body = json.take()};
}

}  // namespace orderly::http
