#include "domain/restocking.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace orderly::domain {

bool head_fits_into(const Product::State& state, std::int64_t room) {
  const auto head = state.lines.first_waiting();
  return head && state.lines.at(*head).quantity <= room;
}

Restocking::Restocking(const Product::State& state, const std::string& sku, Events events)
    : state_(state), sku_(sku), events_(std::move(events)), rooms_(state.batches.rooms()) {}

void Restocking::add_batch(const std::string& batch_ref, std::int64_t quantity, const std::optional<Date>& eta) {
  rooms_.add(eta, quantity);
  new_reference_ = batch_ref;
}

void Restocking::remove(LineNumber line) {
  removed_ = line;
  const OpenLines::View view = state_.lines.at(line);
  if (view.batch) rooms_.change(*view.batch, view.quantity);
}

void Restocking::reallocate_what_no_longer_fits(BatchNumber batch) {
  std::vector<LineNumber> displaced;
  for (auto line = state_.lines.newest_in(batch); rooms_.room(batch) < 0; line = state_.lines.before(*line)) {
    const OpenLines::View view = state_.lines.at(*line);
    events_.emplace_back(Deallocated{std::string{view.order_id}, sku_, view.quantity, reference(batch),
                                     std::string{reason_batch_quantity_changed}, view.backorder});
    rooms_.change(batch, view.quantity);
    displaced.push_back(*line);
  }
  for (const LineNumber line : displaced | std::views::reverse) {
    const OpenLines::View view = state_.lines.at(line);
    if (allocate(view)) continue;
    events_.emplace_back(OutOfStock{sku_, std::string{view.order_id}, view.quantity, view.backorder});
    if (view.backorder) held_up_from_ = std::min(held_up_from_, view.arrived);
  }
}

void Restocking::serve_queue() {
  for (auto line = state_.lines.first_waiting(); line; line = state_.lines.after(*line)) {
    if (line == removed_) continue;
    const OpenLines::View view = state_.lines.at(*line);
    if (view.arrived > held_up_from_ || !allocate(view)) return;
  }
}

bool Restocking::allocate(const OpenLines::View& line) {
  const auto batch = rooms_.first_with_room(line.quantity);
  if (!batch) return false;
  rooms_.change(*batch, -line.quantity);
  events_.emplace_back(Allocated{std::string{line.order_id}, sku_, line.quantity, reference(*batch), line.backorder});
  return true;
}

const std::string& Restocking::reference(BatchNumber batch) const {
  return batch < state_.batches.size() ? state_.batches.at(batch).reference : new_reference_;
}

}  // namespace orderly::domain
