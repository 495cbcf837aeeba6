#include "common/http/bearer.h"

#include <algorithm>

#include "common/http/problem.h"
#include "common/security/jwt.h"

namespace orderly::http {
namespace {

constexpr std::string_view scheme = "bearer ";

Response refuse(const Request& request, Problem problem, const std::string& error) {
  auto response = to_response(problem, request.path);
  std::string challenge = "Bearer realm=\"orderly\"";
  if (!error.empty()) challenge += ", error=\"" + error + "\", error_description=\"" + problem.detail + '"';
  response.headers.emplace_back("WWW-Authenticate", challenge);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

// Of the Authorization header; empty where there is none of this scheme.
std::string_view token_of(const Request& request) {
  auto value = request.header("authorization").value_or("");
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (!std::ranges::equal(value.substr(0, scheme.size()), scheme, {}, lower)) return "";
  value.remove_prefix(scheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

// A secret that every service knows would let each of them make tokens, and a private key has no business here.
security::Keys public_keys(const std::string& file) try {
  auto keys = security::read_keys(file);
  if (std::ranges::any_of(keys, &security::Key::can_sign)) {
    throw security::KeyError{file + ": public keys alone are wanted, for RS256 or ES256"};
  }
  return keys;
} catch (const security::KeyError& error) {
  throw security::KeyError{std::string{"--auth-keys: "} + error.what()};
}

class Bearer {
 public:
  Bearer(const BearerOptions& options, const Clock& clock)
      : options_(options), clock_(clock), keys_(public_keys(options.keys)) {}

  std::optional<Response> look(const Request& request, const std::vector<std::string>& roles) const {
    const auto token = token_of(request);
    if (token.empty()) {
      return refuse(request, {.status = 401, .detail = "a bearer token is wanted in the Authorization header"}, "");
    }
    const auto claims = security::verify_token(token, keys_);
    const auto reason = claims ? trouble_with(*claims) : claims.error();
    if (reason) return refuse(request, {.status = 401, .detail = *reason}, "invalid_token");
    const auto given = claims->words(options_.roles_claim);
    if (std::ranges::find_first_of(given, roles) != given.end()) return std::nullopt;
    std::string wanted;
    for (const auto& role : roles) wanted += (wanted.empty() ? "" : " or ") + role;
    return refuse(request, {.status = 403, .detail = "the token has not the role " + wanted}, "insufficient_scope");
  }

 private:
  std::optional<std::string> trouble_with(const security::Claims& claims) const {
    if (!claims.numbers.contains("exp")) return "the token has no exp";
    if (auto reason = security::check_times(claims, clock_.now(), options_.leeway)) return reason;
    if (!options_.issuer.empty() && claims.text("iss") != options_.issuer) return "the token is of another issuer";
    if (options_.audience.empty()) return std::nullopt;
    const auto list = claims.lists.find("aud");
    const bool in_list = list != claims.lists.end() && std::ranges::count(list->second, options_.audience) > 0;
    if (!in_list && claims.text("aud") != options_.audience) return "the token is for another audience";
    return std::nullopt;
  }

  const BearerOptions options_;
  const Clock& clock_;
  const security::Keys keys_;
};

}  // namespace

Gate bearer_gate(const BearerOptions& options, RolesOfRoute roles_of_route, const Clock& clock) {
  return [bearer = std::make_shared<const Bearer>(options, clock), roles_of_route = std::move(roles_of_route)](
             const Request& request, std::string_view route) -> std::optional<Response> {
    const auto roles = roles_of_route(route);
    if (roles.empty()) return std::nullopt;
    return bearer->look(request, roles);
  };
}

}  // namespace orderly::http
