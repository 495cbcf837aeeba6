// How `orderly` signs the commands that it sends: --sign-key and --principal. Threads: the main one. Failures:
// OptionError or security::KeyError, which name the option or the file.
#pragma once

#include <optional>
#include <string>

#include "cli/outgoing_command.h"
#include "common/options/options.h"
#include "common/security/keys.h"

namespace orderly::cli {

struct SigningOptions {
  std::string key_file, principal;
  void add_to(options::Parser& parser);
};

class Signer {
 public:
  Signer() = default;  // signs nothing
  explicit Signer(const SigningOptions& options);

  // The headers that say and prove who sends it; none without a principal. A record that is sent again keeps its own.
  using Headers = std::vector<std::pair<std::string, std::string>>;
  Headers headers_for(const OutgoingCommand& command) const;

 private:
  std::string principal_;
  std::optional<security::Key> key_;
};

}  // namespace orderly::cli
