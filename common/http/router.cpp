#include "common/http/router.h"

#include <optional>

#include "common/http/uri.h"

namespace orderly::http {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    segments.push_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

std::optional<Parameters> match(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Parameters parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!pattern[i].starts_with(':')) {
      if (pattern[i] != path[i]) return std::nullopt;
      continue;
    }
    auto decoded = percent_decode(path[i], false);
    if (!decoded || decoded->empty()) return std::nullopt;
    parameters.emplace(pattern[i].substr(1), std::move(*decoded));
  }
  return parameters;
}

}  // namespace

std::size_t Router::add(std::string method, std::string_view pattern) {
  const auto segments = split(pattern);
  routes_.push_back({std::move(method), {segments.begin(), segments.end()}});
  return routes_.size() - 1;
}

std::vector<std::string> Router::routes() const {
  std::vector<std::string> all;
  for (const auto& route : routes_) {
    auto& text = all.emplace_back(route.method + ' ');
    for (const auto& segment : route.segments) text += '/' + segment;
  }
  return all;
}

std::variant<Router::Matched, Router::NoSuchPath, Router::WrongMethod> Router::find(std::string_view method,
                                                                                    std::string_view path) const {
  const auto segments = split(path);
  const auto wanted = method == "HEAD" ? "GET" : method;
  WrongMethod other;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto parameters = match(routes_[i].segments, segments);
    if (!parameters) continue;
    if (routes_[i].method == wanted) return Matched{i, std::move(*parameters)};
    if (!other.allow.empty()) other.allow += ", ";
    other.allow += routes_[i].method == "GET" ? "GET, HEAD" : routes_[i].method;
  }
  if (other.allow.empty()) return NoSuchPath{};
  return other;
}

}  // namespace orderly::http
