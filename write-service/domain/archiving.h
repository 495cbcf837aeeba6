// One round of archiving: the hot lines of a product become one new segment, together with what is left of segments
// whose lines are nearly all over; segments without a line are removed. For one round, in one thread.
// What it moves besides the hot lines is bounded, so that no commit waits long for it. Failures: the archive's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "domain/archived_lines.h"

namespace orderly::domain {

class Archiving {
 public:
  // `least_lines`: fewer hot ones stay where they are.
  Archiving(ArchivedLines::Directory& directory, LineArchive& archive, std::size_t least_lines)
      : directory_(directory), archive_(archive), least_lines_(least_lines), segment_(archive.next_segment()) {}

  // Whether the hot lines were taken.
  bool run(const HotLines& hot);

 private:
  using Segment = ArchivedLines::Segment;
  using Stretch = ArchivedLines::Stretch;
  using Stretches = ArchivedLines::Stretches;

  void choose_outgoing(bool with_lines);
  bool is_outgoing(std::uint64_t segment) const;
  void rewrite(Stretches& stretches);
  void append(Stretches& stretches, OpenLine line);
  void take_batches(const HotLines& hot);
  void take_queue(const HotLines& hot);
  Stretch write_run(const HotLines& hot, std::optional<HotLines::Slot>& slot, std::uint64_t arrived_before);
  OpenLine read(LinePlace place) const;

  ArchivedLines::Directory& directory_;
  LineArchive& archive_;
  const std::size_t least_lines_;
  const std::uint64_t segment_;          // the new one
  std::vector<OpenLine> lines_;          // its lines
  std::vector<std::uint64_t> outgoing_;  // segments that go, ascending
};

}  // namespace orderly::domain
