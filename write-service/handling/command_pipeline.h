// What every command passes on its way, as wrappers around a handler: each may refuse, or look at what comes of it, and
// knows nothing of the others. A refusal of any of them is a result. Threads: the shard's. Failures: none of their own.
//
//   handler = measured(observe, audited(audit, log, authorised(rules, refuse, validated(refuse, handler))));
//
// authentication.h has one more, between audited and authorised.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/log/log.h"
#include "intake/command.h"
#include "storage/held_commands.h"

namespace orderly::handling {

// A command on its way; the record stays at hand for forwards and holds.
struct Incoming {
  const kafka::Message& record;
  Envelope envelope;
  Command command;
  storage::Claim claim = storage::Claim::none;  // of a CreateBatch: what the reference's shard answered
  bool released = false;                        // it has waited its turn already
};

// What became of it: a result's status and code, or FORWARDED, HELD, REPEATED.
struct Outcome {
  std::string_view status;
  std::string code = {};
};

using Handler = std::function<Outcome(Incoming&)>;
using Refuse = std::function<Outcome(const Incoming&, const domain::Rejection&)>;
using Observe = std::function<void(const Envelope&, const Outcome&)>;

// Who may send what. A rule is PRINCIPAL=TYPES: "shop=ordering.v1.*,allocation.v1.Allocate"; "*" is everybody, and
// "anonymous" whoever gives no ce_authid, "role:buyer" whoever has that role, by `roles`: "buyer=shop,web". No rule at
// all: everybody may send everything. The principal is what the record claims, unless authentication.h demands proof.
class Authorisation {
 public:
  Authorisation() = default;
  // Throws std::invalid_argument that names the rule.
  explicit Authorisation(const std::vector<std::string>& rules, const std::vector<std::string>& roles = {});

  bool allows(const Envelope& envelope) const;

 private:
  struct Rule {
    std::string principal, type;
  };
  bool has(std::string_view role, std::string_view principal) const;
  std::vector<Rule> rules_;
  std::vector<std::pair<std::string, std::string>> roles_;  // role, principal
};

enum class Audit { off, refused, all };  // which commands leave a line in the log

Handler measured(Observe observe, Handler next);
Handler audited(Audit audit, const log::Logger& log, Handler next);
Handler authorised(Authorisation rules, Refuse refuse, Handler next);
// Stateless checks, before anything is looked up: nonsense costs nothing and travels nowhere.
Handler validated(Refuse refuse, Handler next);

}  // namespace orderly::handling
