#include <stdexcept>
#include <utility>

#include "domain/product.h"

namespace orderly::domain {
namespace {

Product::Snapshot::Line row(OpenLine line) {
  return {std::move(line.order_id), line.quantity, line.backorder, line.arrived, line.batch.value_or(0)};
}

void require(bool holds, const char* otherwise) {
  if (!holds) throw std::invalid_argument(std::string{"a product's snapshot: "} + otherwise);
}

void restore_line(Product::State& state, const Product::Snapshot& snapshot, const Product::Snapshot::Line& line,
                  std::optional<BatchNumber> batch) {
  require(line.quantity >= 1 && line.quantity <= max_quantity, "a line's quantity is out of bounds");
  require(line.arrived < snapshot.next_arrival, "a line has an arrival to come");
  require(!state.lines.find(line.order_id), "a line stands in it twice");
  state.lines.restore({line.order_id, line.quantity, line.backorder, line.arrived, batch});
  if (batch) state.batches.take(*batch, line.quantity);
}

// Its hot lines, and how much all others have of it.
void take_batch(const Product::State& state, BatchNumber number, Product::Snapshot& snapshot) {
  const HotLines& hot = state.lines.hot();
  const Batches::Batch& batch = state.batches.at(number);
  std::int64_t archived = batch.quantity - state.batches.room(number);
  for (auto slot = hot.oldest_in(number); slot; slot = hot.after(*slot)) {
    snapshot.lines.push_back(row(hot.at(*slot)));
    archived -= snapshot.lines.back().quantity;
  }
  snapshot.batches.push_back({batch.reference, batch.quantity, batch.eta, archived});
}

}  // namespace

Product::Snapshot Product::snapshot(const State& state) {
  Snapshot result;
  const HotLines& hot = state.lines.hot();
  result.batches.reserve(state.batches.size());
  result.lines.reserve(hot.size());
  for (BatchNumber number = 0; number < state.batches.size(); ++number) take_batch(state, number, result);
  for (auto slot = hot.first_waiting(); slot; slot = hot.after(*slot)) result.waiting.push_back(row(hot.at(*slot)));
  result.archived = state.lines.archived();
  result.next_arrival = state.lines.next_arrival();
  return result;
}

Product::State Product::restore(Snapshot&& snapshot) {
  State state;
  for (const auto& batch : snapshot.batches) {
    require(!state.batches.find(batch.batch_ref), "a batch stands in it twice");
    require(batch.quantity >= 0 && batch.quantity <= max_quantity, "a batch's quantity is out of bounds");
    require(!batch.eta || batch.eta->ok(), "a batch's eta is no date");
    require(batch.archived_quantity >= 0, "a batch's archived quantity is negative");
    state.batches.take(state.batches.add(batch.batch_ref, batch.quantity, batch.eta), batch.archived_quantity);
  }
  for (const auto& line : snapshot.lines) {
    require(line.batch < state.batches.size(), "a line's batch is missing");
    restore_line(state, snapshot, line, line.batch);
  }
  for (BatchNumber batch = 0; batch < state.batches.size(); ++batch) {
    require(state.batches.room(batch) >= 0, "more is allocated than a batch has");
  }
  for (const auto& line : snapshot.waiting) restore_line(state, snapshot, line, std::nullopt);
  require(snapshot.archived.batches.size() <= state.batches.size(), "an archived line's batch is missing");
  state.lines.restore(std::move(snapshot.archived));
  state.lines.restore_next_arrival(snapshot.next_arrival);
  return state;
}

}  // namespace orderly::domain
