#include "handling/authentication.h"

#include "intake/command_types.h"

namespace orderly::handling {
namespace {

// An order's own line takes the place of whatever holds it: whoever could say so might displace another's.
bool displaces(const Command& command) {
  const auto* product = std::get_if<domain::Product::Command>(&command);
  const auto* allocate = product == nullptr ? nullptr : std::get_if<domain::Allocate>(product);
  return allocate != nullptr && allocate->replace;
}

}  // namespace

Authentication::Authentication(const std::string& mode, const std::string& keys) : required_(mode == "required") {
  if (mode != "off" && mode != "sign" && mode != "required") {
    throw std::invalid_argument{"--command-auth: off, sign or required wanted, got " + mode};
  }
  if (mode == "off") return;
  if (keys.empty()) throw std::invalid_argument{"--command-keys: wanted with --command-auth " + mode};
  keys_ = std::make_shared<const intake::CommandKeys>(keys);
}

Authentication::Authentication(bool required, intake::CommandKeys keys)
    : required_(required), keys_(std::make_shared<const intake::CommandKeys>(std::move(keys))) {}

std::optional<std::string> Authentication::trouble_with(Incoming& incoming) const {
  auto& envelope = incoming.envelope;
  const auto proof = keys_->check(incoming.record, envelope);
  if (!proof) return proof.error();
  const bool of_service = *proof == intake::CommandKeys::Proof::of_service;
  envelope.is_our_own = envelope.is_our_own && of_service;
  if (of_service) return std::nullopt;
  if (intake::is_internal(envelope.type)) return "only write services send " + envelope.type;
  if (displaces(incoming.command)) return "only write services send " + envelope.type + " with replace";
  return std::nullopt;
}

Handler authenticated(Authentication authentication, Refuse refuse, Handler next) {
  if (!authentication.is_required()) return next;
  return [authentication = std::move(authentication), refuse = std::move(refuse),
          next = std::move(next)](Incoming& incoming) {
    // One that has waited was looked at when it came; its keys may have been replaced since.
    if (incoming.released) return next(incoming);
    const auto reason = authentication.trouble_with(incoming);
    if (!reason) return next(incoming);
    return refuse(incoming, {domain::RejectionCode::unauthorized, std::string{intake::token_header},
                             std::string{intake::token_header} + ": " + *reason});
  };
}

}  // namespace orderly::handling
