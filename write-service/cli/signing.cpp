#include "cli/signing.h"

#include <algorithm>

#include "common/clock/clock.h"
#include "intake/command_token.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr std::chrono::hours good_for{1};  // between signing and the record's timestamp

}  // namespace

void SigningOptions::add_to(options::Parser& parser) {
  parser.add()("principal", po::value(&principal)->value_name("NAME"), "in whose name the command is sent (ce_authid)")(
      "sign-key", po::value(&key_file)->value_name("FILE"),
      "sign it with this key, PEM or a JWK; --principal may be left out where the JWK has a kid");
}

Signer::Signer(const SigningOptions& options) : principal_(options.principal) {
  if (options.key_file.empty()) return;
  const auto keys = security::read_keys(options.key_file);
  const auto key = std::ranges::find_if(keys, [](const security::Key& one) { return one.can_sign(); });
  if (key == keys.end()) throw security::KeyError{options.key_file + ": a private key or a secret is wanted"};
  key_ = *key;
  if (principal_.empty()) principal_ = key_->id();
  if (principal_.empty()) throw options::OptionError{"--principal: wanted with --sign-key"};
}

Signer::Headers Signer::headers_for(const OutgoingCommand& command) const {
  if (principal_.empty() || !command.headers.empty()) return {};
  Headers headers{{"ce_authid", principal_}};
  if (!key_) return headers;
  const auto ends = std::chrono::floor<std::chrono::seconds>(SystemClock{}.now() + good_for).time_since_epoch().count();
  headers.emplace_back(intake::token_header,
                       intake::make_command_token(*key_, principal_, command.id, command.type, "application/protobuf",
                                                  command.value, {{"exp", ends}}));
  return headers;
}

}  // namespace orderly::cli
