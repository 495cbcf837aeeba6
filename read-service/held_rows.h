// The rows that a batch of events changes, held until its end: each is read once and written once, however many events
// touch it, and in the order in which they were first touched. Threads: one. Failures: what the caller's functions
// throw; then the rows are worth nothing, and go with their projection.
//
//   auto& product = products_.at(sku, [&] { return read(sku); });
//   product.quantity += 3;
//   products_.write([&](const std::string& sku, const Product& product) { … });  // at the batch's end
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace orderly::read {

template <class Row>
class HeldRows {
 public:
  Row* find(std::string_view id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second->second;
  }

  Row& at(std::string_view id, auto load) {
    if (auto* row = find(id)) return *row;
    rows_.emplace_back(std::string{id}, load());
    auto& [kept_id, row] = rows_.back();
    by_id_.emplace(kept_id, &rows_.back());
    return row;
  }
  Row& at(std::string_view id) {
    return at(id, [] { return Row{}; });
  }

  void write(auto write_one) {
    for (auto& [id, row] : rows_) write_one(std::as_const(id), row);
    by_id_.clear();
    rows_.clear();
  }

 private:
  std::deque<std::pair<std::string, Row>> rows_;  // stay where they are
  std::unordered_map<std::string_view, std::pair<std::string, Row>*> by_id_;
};

}  // namespace orderly::read
