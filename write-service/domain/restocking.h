// What becomes of lines when stock changes: the part of Product's decide that takes more than one step.
// For one decision in one thread; it changes no state and outlives neither the state nor the sku that it is made of.
// It copies the rooms of all batches, O(batches), so it is made only when a line will move.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product.h"

namespace orderly::domain {

// Whether somebody waits and the first in the queue fits into this room.
bool head_fits_into(const Product::State& state, std::int64_t room);

class Restocking {
 public:
  using Events = std::vector<Product::Event>;

  // The events so far; those that follow are appended.
  Restocking(const Product::State& state, const std::string& sku, Events events);

  void add_batch(const std::string& batch_ref, std::int64_t quantity, const std::optional<Date>& eta);
  void change_quantity(BatchNumber batch, std::int64_t difference) { rooms_.change(batch, difference); }
  // The line is over; its Deallocated is among the events already.
  void remove(LinePlace line);
  // Deallocates the newest lines until the rest fits; allocates each again, the oldest first, or has it out of stock.
  void reallocate_what_no_longer_fits(BatchNumber batch);
  // Allocates those waiting, from the head, until one does not fit.
  void serve_queue();
  // After the queue was served: a new line, allocated unless somebody still waits or no batch has room.
  void add_line(const Allocate& line);

  Events events() && { return std::move(events_); }

 private:
  template <class Line>
  bool allocate(const Line& line);
  const std::string& reference(BatchNumber batch) const;

  const Product::State& state_;
  const std::string& sku_;
  Events events_;
  RoomIndex rooms_;
  std::string new_reference_;
  std::optional<LinePlace> removed_;
  bool somebody_waits_ = false;
  // The arrival of the first displaced line that waits: it found no room, so it holds up all who came later.
  std::uint64_t held_up_from_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace orderly::domain
