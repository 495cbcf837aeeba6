#include "domain/open_lines.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace orderly::domain {
namespace {

bool is_hot(LinePlace line) { return line.segment == 0; }
LinePlace place_of(HotLines::Slot slot) { return {0, slot}; }

}  // namespace

std::optional<LinePlace> OpenLines::find(std::string_view order_id) const {
  if (const auto slot = hot_.find(order_id)) return place_of(*slot);
  return archived_.find(order_id);
}

OpenLine OpenLines::at(LinePlace line) const { return is_hot(line) ? hot_.at(line.index) : archived_.at(line); }

std::optional<LinePlace> OpenLines::first_waiting() const {
  std::optional<LinePlace> first;
  in_queue([&](LinePlace place, const OpenLine&) {
    first = place;
    return false;
  });
  return first;
}

void OpenLines::newest_first(BatchNumber batch, const Visit& visit) const {
  for (auto slot = hot_.newest_in(batch); slot; slot = hot_.before(*slot)) {
    if (!visit(place_of(*slot), hot_.at(*slot))) return;
  }
  archived_.newest_first(batch, visit);
}

void OpenLines::in_queue(const Visit& visit) const {
  auto slot = hot_.first_waiting();
  const auto visit_hot_before = [&](std::uint64_t arrived) {
    for (; slot && hot_.arrived(*slot) < arrived; slot = hot_.after(*slot)) {
      if (!visit(place_of(*slot), hot_.at(*slot))) return false;
    }
    return true;
  };
  const bool goes_on = archived_.in_queue(
      [&](LinePlace place, const OpenLine& line) { return visit_hot_before(line.arrived) && visit(place, line); });
  if (goes_on) visit_hot_before(next_arrival_);
}

void OpenLines::allocate(std::string_view order_id, std::int64_t quantity, bool backorder, BatchNumber batch) {
  if (const auto slot = hot_.find(order_id)) {
    if (!hot_.waits(*slot)) throw std::logic_error("a line allocated twice");
    return hot_.allocate(*slot, batch);
  }
  if (const auto place = archived_.find(order_id)) {
    if (archived_.at(*place).batch) throw std::logic_error("a line allocated twice");
    OpenLine line = archived_.take(*place);
    line.batch = batch;
    return hot_.add(std::move(line));
  }
  hot_.add({std::string{order_id}, quantity, backorder, next_arrival_++, batch});
}

void OpenLines::wait(std::string_view order_id, std::int64_t quantity) {
  const auto known = find(order_id);
  if (known && at(*known).batch) throw std::logic_error("an allocated line goes to the queue");
  if (!known) hot_.add({std::string{order_id}, quantity, true, next_arrival_++, std::nullopt});
}

void OpenLines::displace(LinePlace line) {
  if (!at(line).batch) throw std::logic_error("a waiting line loses its batch");
  if (is_hot(line)) return hot_.displace(line.index);
  OpenLine taken = archived_.take(line);
  taken.batch.reset();
  hot_.add(std::move(taken));
}

void OpenLines::promise_backorder(LinePlace line) {
  if (is_hot(line)) return hot_.promise_backorder(line.index);
  archived_.promise_backorder(line);
}

void OpenLines::close(LinePlace line) {
  if (is_hot(line)) return hot_.close(line.index);
  archived_.take(line);
}

void OpenLines::archive(std::size_t least_lines) {
  if (archived_.archive(hot_, least_lines)) hot_ = HotLines{};
}

void OpenLines::restore(const OpenLine& line) {
  if (find(line.order_id)) throw std::logic_error("a line restored twice");
  hot_.add(line);
}

}  // namespace orderly::domain
