// Which batch has room: one sku's batches in order of preference (warehouse, earliest eta, first created).
// A value for one thread, cheap to copy (32 bytes a batch); every operation is O(log batches), expected.
// A batch is named by its number in the order of creation; one that was not given out is a programmer's error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "domain/values.h"

namespace orderly::domain {

using BatchNumber = std::uint32_t;

class RoomIndex {
 public:
  // The next number, with this room.
  BatchNumber add(const std::optional<Date>& eta, std::int64_t room);
  // Room may become negative between the events of one command.
  void change(BatchNumber batch, std::int64_t difference);
  std::int64_t room(BatchNumber batch) const { return nodes_[batch].room; }
  std::optional<BatchNumber> first_with_room(std::int64_t quantity) const;
  std::size_t size() const { return nodes_.size(); }
  std::size_t approximate_bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  // A treap: a search tree by preference, a heap by priority, each node knowing the most room below it.
  using Link = std::uint32_t;
  static constexpr Link none = std::numeric_limits<Link>::max();
  struct Node {
    std::int64_t room = 0;
    std::int64_t most_room = 0;  // in the subtree
    std::int32_t day = 0;        // days since 1970 of the eta; the warehouse comes before any
    Link left = none;
    Link right = none;
    Link parent = none;
  };

  bool before(Link a, Link b) const;
  void attach(Link node);
  void lift(Link node);
  void replace_child(Link parent, Link old_child, Link new_child);
  bool refresh(Link node);
  void refresh_upwards(Link node);

  std::vector<Node> nodes_;
  Link root_ = none;
};

}  // namespace orderly::domain
