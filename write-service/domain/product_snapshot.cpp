#include <stdexcept>
#include <utility>

#include "domain/product.h"

namespace orderly::domain {
namespace {

Product::Snapshot::Line row(const OpenLines::View& line) {
  return {std::string{line.order_id}, line.quantity, line.backorder, line.arrived, line.batch.value_or(0)};
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
  if (!batch) return;
  state.batches.take(*batch, line.quantity);
  require(state.batches.room(*batch) >= 0, "more is allocated than a batch has");
}

}  // namespace

Product::Snapshot Product::snapshot(const State& state) {
  Snapshot result;
  result.batches.reserve(state.batches.size());
  result.lines.reserve(state.lines.size());
  for (BatchNumber number = 0; number < state.batches.size(); ++number) {
    const Batches::Batch& batch = state.batches.at(number);
    result.batches.push_back({batch.reference, batch.quantity, batch.eta});
    for (auto line = state.lines.oldest_in(number); line; line = state.lines.after(*line)) {
      result.lines.push_back(row(state.lines.at(*line)));
    }
  }
  for (auto line = state.lines.first_waiting(); line; line = state.lines.after(*line)) {
    result.waiting.push_back(row(state.lines.at(*line)));
  }
  result.next_arrival = state.lines.next_arrival();
  return result;
}

Product::State Product::restore(Snapshot&& snapshot) {
  State state;
  for (const auto& batch : snapshot.batches) {
    require(!state.batches.find(batch.batch_ref), "a batch stands in it twice");
    require(batch.quantity >= 0 && batch.quantity <= max_quantity, "a batch's quantity is out of bounds");
    require(!batch.eta || batch.eta->ok(), "a batch's eta is no date");
    state.batches.add(batch.batch_ref, batch.quantity, batch.eta);
  }
  for (const auto& line : snapshot.lines) {
    require(line.batch < state.batches.size(), "a line's batch is missing");
    restore_line(state, snapshot, line, line.batch);
  }
  for (const auto& line : snapshot.waiting) restore_line(state, snapshot, line, std::nullopt);
  state.lines.restore_next_arrival(snapshot.next_arrival);
  return state;
}

}  // namespace orderly::domain
