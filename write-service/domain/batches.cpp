#include "domain/batches.h"

#include <stdexcept>

namespace orderly::domain {

BatchNumber Batches::add(const std::string& reference, std::int64_t quantity, const std::optional<Date>& eta) {
  const auto number = static_cast<BatchNumber>(batches_.size());
  if (!numbers_.emplace(reference, number).second) throw std::logic_error("batch " + quoted(reference) + " twice");
  batches_.push_back({reference, quantity, eta});
  rooms_.add(eta, quantity);
  reference_bytes_ += 2 * reference.size();
  return number;
}

void Batches::set_quantity(BatchNumber batch, std::int64_t quantity) {
  rooms_.change(batch, quantity - batches_[batch].quantity);
  batches_[batch].quantity = quantity;
}

std::optional<BatchNumber> Batches::find(std::string_view reference) const {
  const auto found = numbers_.find(reference);
  return found == numbers_.end() ? std::nullopt : std::optional{found->second};
}

std::size_t Batches::approximate_bytes() const {
  constexpr std::size_t tree_node_bytes = 96;
  return batches_.capacity() * sizeof(Batch) + numbers_.size() * tree_node_bytes + reference_bytes_ +
         rooms_.approximate_bytes();
}

}  // namespace orderly::domain
