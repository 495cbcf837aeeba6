// Which of one sku's archived lines are still open, and in which order they stand: what memory keeps of them, a few
// bits a line. For one thread. What it says of a line comes from the LineArchive; so do the failures.
//
// A segment is immutable; a line in it that is over, or hot again, is marked gone. The lines of a batch, and the queue,
// are stretches of segments: in the order of allocation, or of arrival. A queue's line that is archived between two
// others splits their stretch, so stretches never overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/hot_lines.h"
#include "domain/line_archive.h"

namespace orderly::domain {

class ArchivedLines {
 public:
  struct Segment {
    std::uint64_t number = 0;
    std::uint32_t lines = 0;
    std::uint32_t live = 0;
    std::vector<bool> gone;      // empty: none is
    std::vector<bool> promised;  // archived without backorder, and got it since; empty: none
    bool operator==(const Segment&) const = default;

    bool is_live(std::uint32_t index) const { return index < lines && (gone.empty() || !gone[index]); }
  };
  struct Stretch {
    std::uint64_t segment = 0;
    std::uint32_t begin = 0, end = 0;
    bool operator==(const Stretch&) const = default;
  };
  using Stretches = std::vector<Stretch>;
  struct Directory {
    std::vector<Segment> segments;   // ascending numbers
    std::vector<Stretches> batches;  // by batch number, each ascending by allocation
    Stretches queue;                 // ascending by arrival
    bool operator==(const Directory&) const = default;

    const Segment* find(std::uint64_t number) const;
    bool is_live(LinePlace place) const;
  };

  // Throws std::invalid_argument for a directory that contradicts itself.
  void restore(Directory&& directory);
  const Directory& directory() const { return directory_; }
  // Before anything is asked of a directory with lines, and before lines are archived.
  void attach(std::unique_ptr<LineArchive> archive) { archive_ = std::move(archive); }
  bool is_attached() const { return archive_ != nullptr; }

  std::optional<LinePlace> find(std::string_view order_id) const;
  OpenLine at(LinePlace place) const;
  std::size_t size() const { return size_; }
  bool anyone_waits() const { return !directory_.queue.empty(); }

  using Visit = std::function<bool(LinePlace, const OpenLine&)>;  // false: enough
  void newest_first(BatchNumber batch, const Visit& visit) const;
  bool in_queue(const Visit& visit) const;  // false: there was enough

  // The line is over here; it lives on hot, or no more.
  OpenLine take(LinePlace place);
  void promise_backorder(LinePlace place);

  // Archives the hot lines if they are at least so many, and true: they are to be forgotten. Removes segments that are
  // over and rewrites some of those that nearly are.
  bool archive(const HotLines& hot, std::size_t least_lines);

  std::size_t approximate_bytes() const;

 private:
  Segment& segment_of(LinePlace place);
  void trim(Stretches& stretches);
  void count_bytes();

  std::unique_ptr<LineArchive> archive_;
  Directory directory_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;  // of the directory
};

}  // namespace orderly::domain
