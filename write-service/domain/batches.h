// The batches of one sku: reference, quantity, eta and room, found by reference or by number (the order of creation).
// A value for one thread. A batch is never removed; its room is its quantity less what is allocated from it.
// An unknown reference is nothing in find; a number that is not a batch's is a programmer's error.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/room_index.h"
#include "domain/values.h"

namespace orderly::domain {

class Batches {
 public:
  struct Batch {
    std::string reference;
    std::int64_t quantity = 0;
    std::optional<Date> eta;
  };

  // Throws std::logic_error when the reference is taken.
  BatchNumber add(const std::string& reference, std::int64_t quantity, const std::optional<Date>& eta);
  void set_quantity(BatchNumber batch, std::int64_t quantity);
  void take(BatchNumber batch, std::int64_t quantity) { rooms_.change(batch, -quantity); }
  void give_back(BatchNumber batch, std::int64_t quantity) { rooms_.change(batch, quantity); }

  std::optional<BatchNumber> find(std::string_view reference) const;
  const Batch& at(BatchNumber batch) const { return batches_[batch]; }
  const RoomIndex& rooms() const { return rooms_; }
  std::int64_t room(BatchNumber batch) const { return rooms_.room(batch); }
  std::size_t size() const { return batches_.size(); }
  bool empty() const { return batches_.empty(); }
  std::size_t approximate_bytes() const;

 private:
  std::vector<Batch> batches_;
  std::map<std::string, BatchNumber, std::less<>> numbers_;
  RoomIndex rooms_;
  std::size_t reference_bytes_ = 0;
};

}  // namespace orderly::domain
