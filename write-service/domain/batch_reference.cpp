#include "domain/batch_reference.h"

#include "domain/values.h"

namespace orderly::domain {
namespace {

std::optional<Rejection> check(const ClaimBatchReference& c) {
  if (auto problem = check_id("batch_ref", c.batch_ref)) return problem;
  if (auto problem = check_id("sku", c.sku)) return problem;
  return check_id("claimed_by", c.claimed_by);
}

Decision<BatchReference::Event> decide_on(const BatchReference::State& state, const ClaimBatchReference& c) {
  using Events = std::vector<BatchReference::Event>;
  if (state.claimed_by.empty()) return Events{BatchReferenceClaimed{c.batch_ref, c.sku, c.claimed_by}};
  if (state.claimed_by == c.claimed_by) return Events{};
  return std::unexpected(
      Rejection{RejectionCode::batch_exists, "batch_ref",
                "batch_ref: batch " + quoted(c.batch_ref) + " exists already, of sku " + quoted(state.sku)});
}

}  // namespace

std::optional<Rejection> BatchReference::validate(const Command& command) {
  return std::visit(overloaded{[](const ClaimBatchReference& c) { return check(c); }}, command);
}

Decision<BatchReference::Event> BatchReference::decide(const State& state, const Command& command, Time) {
  return std::visit(overloaded{[&](const ClaimBatchReference& c) { return decide_on(state, c); }}, command);
}

void BatchReference::evolve(State& state, const Event& event) {
  std::visit(overloaded{[&](const BatchReferenceClaimed& e) { state = {e.sku, e.claimed_by}; }}, event);
}

std::size_t BatchReference::approximate_bytes(const State& state) {
  return sizeof(State) + state.sku.capacity() + state.claimed_by.capacity();
}

const std::string& BatchReference::aggregate_id(const Command& command) {
  return std::visit(overloaded{[](const ClaimBatchReference& c) -> const std::string& { return c.batch_ref; }},
                    command);
}

}  // namespace orderly::domain
