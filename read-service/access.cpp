#include "read-service/access.h"

#include <algorithm>
#include <array>

namespace orderly::read {
namespace {

// The pages come before anybody can have shown a token; the data that they ask for wants one.
constexpr std::array<std::string_view, 5> open_routes{"GET /healthz", "GET /readyz", "GET /", "GET /openapi.json",
                                                      "GET /assets/:file"};

}  // namespace

http::RolesOfRoute roles_of_route(const http::AuthSettings& settings) {
  return [settings](std::string_view route) -> std::vector<std::string> {
    if (std::ranges::find(open_routes, route) != open_routes.end()) return {};
    if (route == "GET /metrics" && !settings.protect_metrics) return {};
    const auto path = route.substr(std::min(route.find(' '), route.size() - 1) + 1);
    if (path.starts_with("/admin/")) return {settings.operator_role};
    return {settings.reader_role, settings.operator_role};
  };
}

}  // namespace orderly::read
