// The open lines of one sku that are in memory: found by order, by batch (in the order of allocation), by queue.
// For one thread. O(1) a change, but a line put into the middle of the queue walks to its place; 120 bytes a line with
// ids of 36 bytes. Lines are known by slot, good until they are closed; a slot not in use is a programmer's error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/line_archive.h"

namespace orderly::domain {

class HotLines {
 public:
  using Slot = std::uint32_t;

  std::optional<Slot> find(std::string_view order_id) const;
  OpenLine at(Slot slot) const;
  std::uint64_t arrived(Slot slot) const { return lines_[slot].arrived; }
  bool waits(Slot slot) const { return lines_[slot].batch == none; }
  std::size_t size() const { return count_; }

  std::size_t batches() const { return batches_.size(); }  // no line is in one with this number or a higher one
  std::optional<Slot> oldest_in(BatchNumber batch) const;
  std::optional<Slot> newest_in(BatchNumber batch) const;
  std::optional<Slot> before(Slot slot) const { return to_slot(lines_[slot].previous); }
  std::optional<Slot> after(Slot slot) const { return to_slot(lines_[slot].next); }
  std::optional<Slot> first_waiting() const { return to_slot(queue_.first); }

  // Of an order that has none here: at the end of its batch, or in its place in the queue.
  void add(OpenLine line);
  void allocate(Slot waiting, BatchNumber batch);
  // Back into its place in the queue.
  void displace(Slot allocated);
  void promise_backorder(Slot slot) { lines_[slot].backorder = 1U; }
  void close(Slot slot);

  std::size_t approximate_bytes() const;

 private:
  using Link = Slot;
  static constexpr Link none = std::numeric_limits<Link>::max();

  struct Line {
    std::string order_id;
    std::uint64_t arrived = 0;
    std::uint32_t quantity : 31 = 0;
    std::uint32_t backorder : 1 = 0;
    BatchNumber batch = none;  // none: in the queue
    Link previous = none;      // in its batch or in the queue
    Link next = none;          // also: the next free slot
    Link next_in_bucket = none;
    std::uint32_t hash = 0;
  };
  struct Ends {
    Link first = none;
    Link last = none;
  };

  static std::optional<Slot> to_slot(Link link) { return link == none ? std::nullopt : std::optional{link}; }
  Link new_slot();
  Link& bucket(std::uint32_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  void grow_buckets();
  void forget_id(Link line);
  Ends& list_of(Link line) { return lines_[line].batch == none ? queue_ : batches_[lines_[line].batch]; }
  void unlink(Link line);
  void insert_after(Link line, Link previous);  // into the list of its batch, or the queue
  void append_to_batch(Link line, BatchNumber batch);
  void put_in_queue(Link line);

  std::deque<Line> lines_;  // slots; a deque, because a vector's growth would copy all lines at once
  std::vector<Link> buckets_;
  std::vector<Ends> batches_;
  Ends queue_;
  Link last_put_back_ = none;  // where to look first for the place of the next: displaced lines come in runs
  Link free_ = none;
  std::size_t count_ = 0;
  std::size_t id_bytes_ = 0;
};

}  // namespace orderly::domain
