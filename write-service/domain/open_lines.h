// The open lines of one sku, allocated or waiting: found by order, by batch (newest first), by queue. For one thread.
// O(1) a change, but a displaced line walks to its place in the queue; 120 bytes a line with ids of 36 bytes.
// A call that contradicts the state throws std::logic_error and changes nothing.
//
// The callers know lines by number, not by address, so that lines can later live outside memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/room_index.h"

namespace orderly::domain {

using LineNumber = std::uint32_t;

class OpenLines {
 public:
  struct View {
    std::string_view order_id;  // good until the next change
    std::int64_t quantity = 0;
    bool backorder = false;
    std::uint64_t arrived = 0;         // when it was first asked for: its place in the queue
    std::optional<BatchNumber> batch;  // none: it waits
  };

  std::optional<LineNumber> find(std::string_view order_id) const;
  View at(LineNumber line) const;
  std::size_t size() const { return count_; }

  std::optional<LineNumber> oldest_in(BatchNumber batch) const;
  std::optional<LineNumber> newest_in(BatchNumber batch) const;
  std::optional<LineNumber> before(LineNumber line) const { return number(lines_[line].previous); }
  std::optional<LineNumber> after(LineNumber line) const { return number(lines_[line].next); }
  std::optional<LineNumber> first_waiting() const { return number(queue_.first); }

  // A new line, or one that waits until now.
  void allocate(std::string_view order_id, std::int64_t quantity, bool backorder, BatchNumber batch);
  // A new line at the end of the queue; of a line that waits already nothing changes.
  void wait(std::string_view order_id, std::int64_t quantity);
  // An allocated line loses its batch and waits in its old place.
  void displace(LineNumber line);
  // An allocated line that was to be lost with its batch is to wait instead.
  void promise_backorder(LineNumber line) { lines_[line].backorder = 1U; }
  void close(LineNumber line);

  std::uint64_t next_arrival() const { return next_arrival_; }
  // For restoring: lines come in the order of their batch or of the queue.
  void restore(const View& line);
  void restore_next_arrival(std::uint64_t next) { next_arrival_ = next; }

  std::size_t approximate_bytes() const;

 private:
  using Link = std::uint32_t;
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

  static std::optional<LineNumber> number(Link link) { return link == none ? std::nullopt : std::optional{link}; }
  Link open(std::string_view order_id, std::int64_t quantity, bool backorder, std::uint64_t arrived);
  Link new_slot();
  Link& bucket(std::uint32_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  void grow_buckets();
  void forget_id(Link line);
  Ends& list_of(Link line) { return lines_[line].batch == none ? queue_ : batches_[lines_[line].batch]; }
  void unlink(Link line);
  void insert_after(Link line, Link previous);  // into the list of its batch, or the queue
  void append_to_batch(Link line, BatchNumber batch);
  void put_in_queue(Link line);

  std::deque<Line> lines_;  // slots; a deque, because a vector's growth would copy a million lines at once
  std::vector<Link> buckets_;
  std::vector<Ends> batches_;
  Ends queue_;
  Link last_displaced_ = none;  // where to look first for the place of the next: displaced lines come in runs
  Link free_ = none;
  std::size_t count_ = 0;
  std::size_t id_bytes_ = 0;
  std::uint64_t next_arrival_ = 1;
};

}  // namespace orderly::domain
