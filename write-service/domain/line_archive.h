// Where open lines stand that left memory: immutable segments of lines, found again by place or by order. A port: the
// domain decides what is archived and what is over, and never how it is kept. Threads: that of the product it serves.
// Failures: what the store throws, out of the decision or the snapshot that asked; an implementation never guesses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/room_index.h"

namespace orderly::domain {

struct OpenLine {
  std::string order_id;
  std::int64_t quantity = 0;
  bool backorder = false;
  std::uint64_t arrived = 0;         // when it was first asked for: its place in the queue
  std::optional<BatchNumber> batch;  // none: it waits
  bool operator==(const OpenLine&) const = default;
};

struct LinePlace {
  std::uint64_t segment = 0;  // 0: in memory
  std::uint32_t index = 0;    // in its segment, from 0; in memory, its slot
  bool operator==(const LinePlace&) const = default;
};

class LineArchive {
 public:
  virtual ~LineArchive() = default;

  // Everywhere that a line of this order may stand: its dead lines too, and now and then the place of another's.
  virtual std::vector<LinePlace> find(std::string_view order_id) const = 0;
  // As it was archived, in a segment that was not removed.
  virtual OpenLine read(LinePlace place) const = 0;

  // The rest only while a snapshot is taken: what it changes is durable with that snapshot or not at all.

  // The number that the next segment gets: more than any that stands, and at least 1.
  virtual std::uint64_t next_segment() const = 0;
  virtual void add(const std::vector<OpenLine>& lines) = 0;
  virtual void remove(std::uint64_t segment, std::uint32_t lines) = 0;
  // After the last of these: a good time to forget the places of lines that are over. `live` lines are not.
  virtual void tidy(const std::function<bool(LinePlace)>& is_live, std::size_t live) = 0;

  virtual std::size_t approximate_bytes() const = 0;
};

}  // namespace orderly::domain
