#include "intake/command_token.h"

#include <openssl/sha.h>

#include <algorithm>

#include "common/security/base64url.h"

namespace orderly::intake {
namespace {

constexpr std::chrono::seconds leeway{60};

std::string digest_of(std::string_view value) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(value.data()), value.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return security::base64url_encode(digest);
}

std::string_view last_header(std::span<const kafka::Header> headers, std::string_view name) {
  std::string_view found;
  for (const auto& header : headers) {
    if (header.name == name) found = header.value;
  }
  return found;
}

}  // namespace

std::string make_command_token(const security::Key& key, std::string_view principal, std::string_view id,
                               std::string_view type, std::string_view content_type, std::string_view value,
                               const security::NumberClaims& numbers) {
  const auto digest = digest_of(value);
  security::TextClaims claims{{"sub", principal}, {"jti", id}, {"type", type}, {"sha256", digest}};
  if (!content_type.empty()) claims.emplace_back("datacontenttype", content_type);
  return security::make_token(key, claims, numbers);
}

CommandKeys::CommandKeys(const std::string& path) try {
  add(security::read_keys(path));
} catch (const security::KeyError& error) {
  throw security::KeyError{std::string{"--command-keys: "} + error.what()};
}

CommandKeys::CommandKeys(security::Keys keys) { add(std::move(keys)); }

void CommandKeys::add(security::Keys keys) {
  for (auto& key : keys) {
    if (key.id().empty()) throw security::KeyError{"a key without kid, which says whose it is"};
    const auto principal = key.id();
    by_principal_[principal].push_back(std::move(key));
  }
  const auto ours = by_principal_.find(service_key_id);
  if (ours == by_principal_.end() || !ours->second.front().can_sign()) {
    throw security::KeyError{"the write services' own key is wanted: kid write-service, a secret or a private key"};
  }
}

std::expected<CommandKeys::Proof, std::string> CommandKeys::check(const kafka::Message& record,
                                                                  const Envelope& envelope) const {
  const auto token = record.header(token_header);
  if (!token) return std::unexpected{"the command has no token"};
  if (!record.header("ce_id")) return std::unexpected{"a token is bound to a ce_id, and there is none"};
  auto proof = Proof::of_service;
  auto claims = security::verify_token(*token, by_principal_.find(service_key_id)->second);
  if (!claims) {
    const auto keys = by_principal_.find(envelope.principal);
    if (keys == by_principal_.end() || envelope.principal == service_key_id) {
      return std::unexpected{"there is no key of this principal"};
    }
    proof = Proof::of_principal;
    claims = security::verify_token(*token, keys->second);
  }
  if (!claims) return std::unexpected{claims.error()};
  if (auto reason = security::check_times(*claims, envelope.time, leeway)) return std::unexpected{*reason};
  const bool bound = claims->text("sub") == envelope.principal && claims->text("jti") == envelope.id &&
                     claims->text("type") == envelope.type && claims->text("sha256") == digest_of(record.value) &&
                     claims->text("datacontenttype") == record.header("content-type").value_or("");
  if (!bound) return std::unexpected{"the token is for another command"};
  return proof;
}

std::string CommandKeys::vouch(const kafka::OutgoingMessage& message) const {
  const auto text = [&](std::string_view name) { return last_header(message.headers, name); };
  return make_command_token(by_principal_.find(service_key_id)->second.front(), text("ce_authid"), text("ce_id"),
                            text("ce_type"), text("content-type"), message.value);
}

}  // namespace orderly::intake
