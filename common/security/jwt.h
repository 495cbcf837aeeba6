// Signed tokens (JWT in compact JWS form; RFC 7515, 7519). A token is as good as the key that verifies it: a key is for
// one algorithm, so a token that names another, or `none`, finds no key. Threads: any. Failures are values: the reason
// in a few words, which may be told to the sender.
//
//   const auto claims = security::verify_token(token, keys);
//   if (!claims) return refuse(claims.error());
//   if (const auto reason = security::check_times(*claims, now, leeway)) return refuse(*reason);
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock/clock.h"
#include "common/security/keys.h"

namespace orderly::security {

inline constexpr std::size_t max_token_bytes = 8'192;

struct Claims {
  std::string key_id;  // of the key that verified it
  // By name; what lies in an object is named with dots, realm_access.roles.
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::int64_t, std::less<>> numbers;             // whole ones, and times rounded down
  std::map<std::string, std::vector<std::string>, std::less<>> lists;  // of texts

  std::string_view text(std::string_view name) const;  // empty where there is none
  // A list of texts; a text counts as its words, as `scope` has them.
  std::vector<std::string> words(std::string_view name) const;
};

std::expected<Claims, std::string> verify_token(std::string_view token, const Keys& keys);

// `exp` and `nbf`, where they are given, with that much doubt about clocks.
std::optional<std::string> check_times(const Claims& claims, Time now, std::chrono::seconds leeway);

using TextClaims = std::vector<std::pair<std::string_view, std::string_view>>;
using NumberClaims = std::vector<std::pair<std::string_view, std::int64_t>>;
std::string make_token(const Key& key, const TextClaims& texts, const NumberClaims& numbers = {});

}  // namespace orderly::security
