// Bearer tokens (RFC 6750): who may use which route. A token is a JWT by RS256 or ES256 with an `exp`; its roles open the
// routes that ask for one of them. Threads: any. Failures are values: 401 or 403, a problem document with
// WWW-Authenticate; a key file that cannot be used throws security::KeyError.
//
//   options.gate = http::bearer_gate({.keys = "keys.json"}, roles_of_route, clock);
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock/clock.h"
#include "common/http/message.h"

namespace orderly::http {

// Asked before the handler of a route that has been found, "GET /orders/:order_id"; an answer is a refusal.
using Gate = std::function<std::optional<Response>(const Request&, std::string_view route)>;

struct BearerOptions {
  std::string keys;      // a file as security/keys.h says; of public keys only
  std::string issuer;    // given: the token's `iss`
  std::string audience;  // given: one of the token's `aud`
  std::string roles_claim = "roles";
  std::chrono::seconds leeway{60};
};

// The roles of which one is needed; nothing: open to everybody.
using RolesOfRoute = std::function<std::vector<std::string>(std::string_view route)>;

// `clock` must outlive the gate.
Gate bearer_gate(const BearerOptions& options, RolesOfRoute roles_of_route, const Clock& clock);

}  // namespace orderly::http
