// What proves who sent a command: a JWT in the record's `ce_authtoken` header, bound to that one command. Its claims:
// `sub` (the principal, as ce_authid), `jti` (ce_id), `type` (ce_type), `datacontenttype` (content-type, where the
// record has one), `sha256` (the value's, in base64url), and `exp`, if it is to end. Threads: any. Failures are values:
// the reason. Time is the record's own, so that a replay comes to the same.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/security/jwt.h"
#include "intake/command.h"

namespace orderly::intake {

inline constexpr std::string_view token_header = "ce_authtoken";
// On a command that is forwarded although its token was refused: no write service vouches for it.
inline constexpr std::string_view unproved_header = "ce_authunproved";
// The key by which write services vouch for what they send and forward; no client may have it.
inline constexpr std::string_view service_key_id = "write-service";

// Of one that is about to be sent.
std::string make_command_token(const security::Key& key, std::string_view principal, std::string_view id,
                               std::string_view type, std::string_view content_type, std::string_view value,
                               const security::NumberClaims& numbers = {});

// Keys by principal: a key's id (kid) is whose it is. Several of one id are as good as each other, for rotation.
class CommandKeys {
 public:
  CommandKeys() = default;
  // Throws security::KeyError for a key without an id, or when `write-service` has none that can sign.
  explicit CommandKeys(const std::string& path);
  explicit CommandKeys(security::Keys keys);

  enum class Proof { of_principal, of_service };
  std::expected<Proof, std::string> check(const kafka::Message& record, const Envelope& envelope) const;

  // A write service's word for a record that it sends: this principal is who asked.
  std::string vouch(const kafka::OutgoingMessage& message) const;

 private:
  void add(security::Keys keys);
  std::map<std::string, security::Keys, std::less<>> by_principal_;
};

}  // namespace orderly::intake
