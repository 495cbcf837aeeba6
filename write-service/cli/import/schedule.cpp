#include "cli/import/schedule.h"

#include <algorithm>
#include <cassert>

namespace orderly::cli::importing {
namespace {

std::size_t next_step(const PlannedOrder& order) {
  const auto next = std::ranges::find(order.outcomes, Outcome::none);
  return static_cast<std::size_t>(next - order.outcomes.begin());
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, 5> names{"NOT_ANSWERED", "ACCEPTED", "REJECTED", "DEAD_LETTERED", "NOT_SENT"};
  return names.at(static_cast<std::size_t>(outcome));
}

void Schedule::add_batch(std::int64_t command) {
  waiting_.emplace(command, of_batch);
  ready_.push_back(command);
  ++batches_;
}

void Schedule::add_order(const PlannedOrder& planned) {
  assert(batches_are_answered() && !at_end_);
  if (next_step(planned) == planned.outcomes.size()) return;
  auto& order = open_[planned.number] = OpenOrder{planned};
  advance(order);
}

void Schedule::reach_cancellation(std::int64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;  // it was refused, or cancelled in an earlier run
  found->second.may_cancel = true;
  advance(found->second);
}

void Schedule::reach_end() {
  at_end_ = true;
  ask_for_the_rest();
}

void Schedule::hear_outcome(std::int64_t command, Outcome outcome) {
  const auto found = waiting_.find(command);
  if (found == waiting_.end()) return;  // told twice
  const auto number = found->second;
  waiting_.erase(found);
  if (number == of_batch) {
    --batches_;
  } else {
    auto& order = open_.at(number);
    order.waits = false;
    order.planned.outcomes.at(next_step(order.planned)) = outcome;
    advance(order);
  }
  ask_for_the_rest();
}

void Schedule::hear_stock(std::int64_t number, Stock stock) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  found->second.planned.stock = stock;
  advance(found->second);
  ask_for_the_rest();
}

std::optional<std::int64_t> Schedule::next_to_send() {
  if (ready_.empty()) return std::nullopt;
  const auto command = ready_.front();
  ready_.pop_front();
  return command;
}

std::optional<std::int64_t> Schedule::next_not_to_send() {
  if (not_sent_.empty()) return std::nullopt;
  const auto command = not_sent_.front();
  not_sent_.pop_front();
  return command;
}

// Does what can be done for an order now. It may be gone afterwards.
void Schedule::advance(OpenOrder& order) {
  const auto& planned = order.planned;
  const auto step = next_step(planned);
  count_lines(order, planned.stock == Stock::unknown);
  if (order.waits) return;
  if (step > 0 && planned.outcomes.at(step - 1) != Outcome::accepted) {
    for (auto rest = step; rest < planned.steps.size(); ++rest) not_sent_.push_back(planned.steps.at(rest));
    return close(planned.number);
  }
  if (step == planned.steps.size()) return close(planned.number);
  const bool may_ship = planned.stock == Stock::allocated || (planned.stock == Stock::out && ships_all_);
  const bool may_end = planned.is_cancelled ? order.may_cancel : may_ship;
  if (step == planned.steps.size() - 1 && !may_end) return;
  order.waits = true;
  waiting_.emplace(planned.steps.at(step), planned.number);
  ready_.push_back(planned.steps.at(step));
}

void Schedule::count_lines(OpenOrder& order, bool count) {
  if (order.counts_lines == count) return;
  order.counts_lines = count;
  unknown_lines_ += count ? order.planned.lines : -order.planned.lines;
}

void Schedule::close(std::int64_t number) {
  count_lines(open_.at(number), false);
  open_.erase(number);
}

// Once nothing is under way any more, the orders without stock have had all the chances that the file gives them.
void Schedule::ask_for_the_rest() {
  if (!at_end_ || ships_all_ || busy() > 0) return;
  ships_all_ = true;
  std::vector<std::int64_t> numbers;
  for (const auto& [number, order] : open_) numbers.push_back(number);
  std::ranges::sort(numbers);
  for (const auto number : numbers) advance(open_.at(number));
}

}  // namespace orderly::cli::importing
