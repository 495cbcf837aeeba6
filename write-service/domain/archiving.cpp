#include "domain/archiving.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace orderly::domain {
namespace {

constexpr std::uint32_t sparse = 4;  // a segment is rewritten when fewer than one in so many lines is live
constexpr std::size_t most_moved_lines = 1'024;

}  // namespace

bool Archiving::run(const HotLines& hot) {
  const bool takes_hot = hot.size() >= least_lines_;
  choose_outgoing(takes_hot);
  if (!outgoing_.empty()) {
    for (Stretches& batch : directory_.batches) rewrite(batch);
    rewrite(directory_.queue);
  }
  if (takes_hot) {
    take_batches(hot);
    take_queue(hot);
  }
  for (const std::uint64_t number : outgoing_) archive_.remove(number, directory_.find(number)->lines);
  std::erase_if(directory_.segments, [this](const Segment& segment) { return is_outgoing(segment.number); });
  if (!lines_.empty()) {
    const auto size = static_cast<std::uint32_t>(lines_.size());
    archive_.add(lines_);
    directory_.segments.push_back({segment_, size, size, {}, {}});
  }
  return takes_hot;
}

// Those without live lines; and, when a segment is written anyway, some of those with few.
void Archiving::choose_outgoing(bool with_lines) {
  std::size_t moved = 0;
  for (const Segment& segment : directory_.segments) {
    const bool moves = with_lines && segment.live < segment.lines / sparse && moved + segment.live <= most_moved_lines;
    if (segment.live > 0 && !moves) continue;
    moved += segment.live;
    outgoing_.push_back(segment.number);
  }
}

bool Archiving::is_outgoing(std::uint64_t segment) const { return std::ranges::binary_search(outgoing_, segment); }

void Archiving::rewrite(Stretches& stretches) {
  if (std::ranges::none_of(stretches, [this](const Stretch& s) { return is_outgoing(s.segment); })) return;
  Stretches rewritten;
  for (const Stretch& stretch : stretches) {
    if (!is_outgoing(stretch.segment)) {
      rewritten.push_back(stretch);
      continue;
    }
    const Segment& segment = *directory_.find(stretch.segment);
    for (std::uint32_t index = stretch.begin; index < stretch.end; ++index) {
      if (segment.is_live(index)) append(rewritten, read({segment.number, index}));
    }
  }
  stretches = std::move(rewritten);
}

void Archiving::append(Stretches& stretches, OpenLine line) {
  const auto index = static_cast<std::uint32_t>(lines_.size());
  lines_.push_back(std::move(line));
  if (!stretches.empty() && stretches.back().segment == segment_ && stretches.back().end == index) {
    ++stretches.back().end;
  } else {
    stretches.push_back({segment_, index, index + 1});
  }
}

void Archiving::take_batches(const HotLines& hot) {
  if (hot.batches() > directory_.batches.size()) directory_.batches.resize(hot.batches());
  for (BatchNumber batch = 0; batch < hot.batches(); ++batch) {
    for (auto slot = hot.oldest_in(batch); slot; slot = hot.after(*slot)) {
      append(directory_.batches[batch], hot.at(*slot));
    }
  }
}

// The queue's hot lines go between the archived ones, gone or not, in runs that no archived line interrupts.
void Archiving::take_queue(const HotLines& hot) {
  Stretches& queue = directory_.queue;
  for (auto slot = hot.first_waiting(); slot;) {
    const auto came_before = [this, arrived = hot.arrived(*slot)](std::uint64_t segment, std::uint32_t index) {
      return read({segment, index}).arrived <= arrived;
    };
    const auto at = std::ranges::partition_point(
        queue, [&](const Stretch& stretch) { return came_before(stretch.segment, stretch.end - 1); });
    if (at == queue.end()) {
      while (slot) append(queue, hot.at(*std::exchange(slot, hot.after(*slot))));
      return;
    }
    std::uint32_t cut = at->begin;  // the first in the stretch that came later
    for (std::uint32_t end = at->end; cut < end;) {
      const std::uint32_t middle = cut + (end - cut) / 2;
      if (came_before(at->segment, middle)) {
        cut = middle + 1;
      } else {
        end = middle;
      }
    }
    const Stretch later{at->segment, cut, at->end};
    const Stretch run = write_run(hot, slot, read({at->segment, cut}).arrived);
    if (cut == at->begin) {
      queue.insert(at, run);
    } else {
      at->end = cut;
      queue.insert(at + 1, {run, later});
    }
  }
}

// The hot lines from `slot` on that arrived before this; leaves `slot` at the first that did not.
ArchivedLines::Stretch Archiving::write_run(const HotLines& hot, std::optional<HotLines::Slot>& slot,
                                            std::uint64_t arrived_before) {
  Stretches run;
  for (; slot && hot.arrived(*slot) < arrived_before; slot = hot.after(*slot)) append(run, hot.at(*slot));
  return run.front();
}

OpenLine Archiving::read(LinePlace place) const {
  if (place.segment == segment_) return lines_[place.index];
  OpenLine line = archive_.read(place);
  const Segment& segment = *directory_.find(place.segment);
  if (!segment.promised.empty() && segment.promised[place.index]) line.backorder = true;
  return line;
}

}  // namespace orderly::domain
