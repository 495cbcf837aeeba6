// Who a command is from, proved: `--command-auth`. off: what a record claims is believed. sign: write services vouch
// for what they send, and nothing is demanded yet. required: every command bears its principal's token, or a write
// service's; what only write services send needs theirs. Threads: the shard's. Failures: a refusal is a result, not
// remembered, so that nobody spoils another's id.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "handling/command_pipeline.h"
#include "intake/command_token.h"

namespace orderly::handling {

class Authentication {
 public:
  Authentication() = default;  // off
  // `mode`: off, sign or required; `keys`: a file. Throws std::invalid_argument that names the option.
  Authentication(const std::string& mode, const std::string& keys);
  Authentication(bool required, intake::CommandKeys keys);

  bool is_required() const { return required_; }
  // What relays vouch with; null when they do not.
  std::shared_ptr<const intake::CommandKeys> keys() const { return keys_; }

  // Nothing: go on, and the envelope says by now whether a write service has sent it.
  std::optional<std::string> trouble_with(Incoming& incoming) const;

 private:
  bool required_ = false;
  std::shared_ptr<const intake::CommandKeys> keys_;
};

Handler authenticated(Authentication authentication, Refuse refuse, Handler next);

}  // namespace orderly::handling
