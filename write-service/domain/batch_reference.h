// A batch reference, unique over all products: whoever claims it first has it, and says which sku it is of.
// Contract: decider.h. A claim is never given back, as a batch is never removed.
// The same command claiming again changes nothing, so that a claim may be repeated after a crash.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "domain/decider.h"

namespace orderly::domain {

struct ClaimBatchReference {
  std::string batch_ref;
  std::string sku;
  std::string claimed_by;  // the id of the command that creates the batch
  bool operator==(const ClaimBatchReference&) const = default;
};

struct BatchReferenceClaimed {
  std::string batch_ref;
  std::string sku;
  std::string claimed_by;
  bool operator==(const BatchReferenceClaimed&) const = default;
};

struct BatchReference {
  using Command = std::variant<ClaimBatchReference>;
  using Event = std::variant<BatchReferenceClaimed>;
  static constexpr std::string_view stream_category = "batch_reference";

  struct State {
    std::string sku;
    std::string claimed_by;  // empty: free
    bool operator==(const State&) const = default;
  };

  static std::optional<Rejection> validate(const Command& command);
  static Decision<Event> decide(const State& state, const Command& command, Time now);
  static void evolve(State& state, const Event& event);
  static std::size_t approximate_bytes(const State& state);
  static const std::string& aggregate_id(const Command& command);
};

static_assert(Decider<BatchReference>);

}  // namespace orderly::domain
