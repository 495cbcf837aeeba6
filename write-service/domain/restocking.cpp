#include "domain/restocking.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace orderly::domain {

bool head_fits_into(const Product::State& state, std::int64_t room) {
  bool fits = false;
  state.lines.in_queue([&](LinePlace, const OpenLine& head) {
    fits = head.quantity <= room;
    return false;
  });
  return fits;
}

Restocking::Restocking(const Product::State& state, const std::string& sku, Events events)
    : state_(state), sku_(sku), events_(std::move(events)), rooms_(state.batches.rooms()) {}

void Restocking::add_batch(const std::string& batch_ref, std::int64_t quantity, const std::optional<Date>& eta) {
  rooms_.add(eta, quantity);
  new_reference_ = batch_ref;
}

void Restocking::remove(LinePlace line) {
  removed_ = line;
  const OpenLine removed = state_.lines.at(line);
  if (removed.batch) rooms_.change(*removed.batch, removed.quantity);
}

void Restocking::reallocate_what_no_longer_fits(BatchNumber batch) {
  if (rooms_.room(batch) >= 0) return;
  std::vector<OpenLine> displaced;
  state_.lines.newest_first(batch, [&](LinePlace, const OpenLine& line) {
    events_.emplace_back(Deallocated{line.order_id, sku_, line.quantity, reference(batch),
                                     std::string{reason_batch_quantity_changed}, line.backorder});
    rooms_.change(batch, line.quantity);
    displaced.push_back(line);
    return rooms_.room(batch) < 0;
  });
  for (const OpenLine& line : displaced | std::views::reverse) {
    if (allocate(line)) continue;
    events_.emplace_back(OutOfStock{sku_, line.order_id, line.quantity, line.backorder});
    if (line.backorder) held_up_from_ = std::min(held_up_from_, line.arrived);
  }
}

void Restocking::serve_queue() {
  state_.lines.in_queue([&](LinePlace place, const OpenLine& line) {
    somebody_waits_ = place != removed_ && (line.arrived > held_up_from_ || !allocate(line));
    return !somebody_waits_;
  });
}

void Restocking::add_line(const Allocate& line) {
  if (!somebody_waits_ && allocate(line)) return;
  events_.emplace_back(OutOfStock{sku_, line.order_id, line.quantity, line.backorder});
}

template <class Line>
bool Restocking::allocate(const Line& line) {
  const auto batch = rooms_.first_with_room(line.quantity);
  if (!batch) return false;
  rooms_.change(*batch, -line.quantity);
  events_.emplace_back(Allocated{line.order_id, sku_, line.quantity, reference(*batch), line.backorder});
  return true;
}

const std::string& Restocking::reference(BatchNumber batch) const {
  return batch < state_.batches.size() ? state_.batches.at(batch).reference : new_reference_;
}

}  // namespace orderly::domain
