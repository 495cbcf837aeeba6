#include "domain/archived_lines.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <string>

#include "domain/archiving.h"

namespace orderly::domain {
namespace {

void require(bool holds, const char* otherwise) {
  if (!holds) throw std::invalid_argument(std::string{"a product's archived lines: "} + otherwise);
}

std::size_t bytes_of(const std::vector<bool>& bits) { return bits.capacity() / 8; }

void set(std::vector<bool>& bits, std::uint32_t index, std::uint32_t size, std::size_t& bytes) {
  if (bits.empty()) {
    bits.resize(size);
    bytes += bytes_of(bits);
  }
  bits[index] = true;
}

}  // namespace

const ArchivedLines::Segment* ArchivedLines::Directory::find(std::uint64_t number) const {
  const auto found = std::ranges::lower_bound(segments, number, {}, &Segment::number);
  return found != segments.end() && found->number == number ? &*found : nullptr;
}

bool ArchivedLines::Directory::is_live(LinePlace place) const {
  const Segment* segment = find(place.segment);
  return segment != nullptr && segment->is_live(place.index);
}

void ArchivedLines::restore(Directory&& directory) {
  directory_ = std::move(directory);
  size_ = 0;
  for (Segment& segment : directory_.segments) {
    require(segment.number >= 1 && segment.lines >= 1, "a segment is empty");
    require(segment.gone.empty() || segment.gone.size() == segment.lines, "marks for another number of lines");
    require(segment.promised.empty() || segment.promised.size() == segment.lines, "marks for another number of lines");
    segment.live = segment.lines - static_cast<std::uint32_t>(std::ranges::count(segment.gone, true));
    size_ += segment.live;
  }
  require(std::ranges::adjacent_find(directory_.segments, std::greater_equal<>{}, &Segment::number) ==
              directory_.segments.end(),
          "segments out of order");
  std::size_t live = 0;
  const auto check = [&](const Stretches& stretches) {
    for (const Stretch& stretch : stretches) {
      const Segment* segment = directory_.find(stretch.segment);
      require(segment != nullptr && stretch.begin < stretch.end && stretch.end <= segment->lines,
              "a stretch of no lines");
      for (std::uint32_t index = stretch.begin; index < stretch.end; ++index) live += segment->is_live(index) ? 1U : 0U;
    }
  };
  for (const Stretches& batch : directory_.batches) check(batch);
  check(directory_.queue);
  require(live == size_, "a line stands in no batch, or in two");
  trim(directory_.queue);
  count_bytes();
}

std::optional<LinePlace> ArchivedLines::find(std::string_view order_id) const {
  if (size_ == 0) return std::nullopt;
  for (const LinePlace place : archive_->find(order_id)) {
    if (directory_.is_live(place) && archive_->read(place).order_id == order_id) return place;
  }
  return std::nullopt;
}

OpenLine ArchivedLines::at(LinePlace place) const {
  OpenLine line = archive_->read(place);
  const Segment* segment = directory_.find(place.segment);
  if (!segment->promised.empty() && segment->promised[place.index]) line.backorder = true;
  return line;
}

void ArchivedLines::newest_first(BatchNumber batch, const Visit& visit) const {
  if (batch >= directory_.batches.size()) return;
  for (const Stretch& stretch : directory_.batches[batch] | std::views::reverse) {
    const Segment& segment = *directory_.find(stretch.segment);
    for (std::uint32_t index = stretch.end; index-- > stretch.begin;) {
      const LinePlace place{stretch.segment, index};
      if (segment.is_live(index) && !visit(place, at(place))) return;
    }
  }
}

bool ArchivedLines::in_queue(const Visit& visit) const {
  for (const Stretch& stretch : directory_.queue) {
    const Segment& segment = *directory_.find(stretch.segment);
    for (std::uint32_t index = stretch.begin; index < stretch.end; ++index) {
      const LinePlace place{stretch.segment, index};
      if (segment.is_live(index) && !visit(place, at(place))) return false;
    }
  }
  return true;
}

OpenLine ArchivedLines::take(LinePlace place) {
  OpenLine line = at(place);
  Segment& segment = segment_of(place);
  set(segment.gone, place.index, segment.lines, bytes_);
  --segment.live;
  --size_;
  trim(line.batch ? directory_.batches.at(*line.batch) : directory_.queue);
  return line;
}

void ArchivedLines::promise_backorder(LinePlace place) {
  Segment& segment = segment_of(place);
  set(segment.promised, place.index, segment.lines, bytes_);
}

bool ArchivedLines::archive(const HotLines& hot, std::size_t least_lines) {
  Archiving round{directory_, *archive_, least_lines};
  const bool taken = round.run(hot);
  if (taken) size_ += hot.size();
  archive_->tidy([this](LinePlace place) { return directory_.is_live(place); }, size_);
  count_bytes();
  return taken;
}

std::size_t ArchivedLines::approximate_bytes() const { return bytes_ + (archive_ ? archive_->approximate_bytes() : 0); }

ArchivedLines::Segment& ArchivedLines::segment_of(LinePlace place) {
  return *std::ranges::lower_bound(directory_.segments, place.segment, {}, &Segment::number);
}

// The first and the last line of a batch or of the queue are live, so that who waits first, and who was allocated last,
// is found at once.
void ArchivedLines::trim(Stretches& stretches) {
  const auto is_gone = [this](std::uint64_t segment, std::uint32_t index) {
    return !directory_.is_live({segment, index});
  };
  while (!stretches.empty() && is_gone(stretches.back().segment, stretches.back().end - 1)) {
    if (--stretches.back().end == stretches.back().begin) stretches.pop_back();
  }
  while (!stretches.empty() && is_gone(stretches.front().segment, stretches.front().begin)) {
    if (++stretches.front().begin == stretches.front().end) stretches.erase(stretches.begin());
  }
}

void ArchivedLines::count_bytes() {
  bytes_ = directory_.segments.capacity() * sizeof(Segment) + directory_.batches.capacity() * sizeof(Stretches) +
           directory_.queue.capacity() * sizeof(Stretch);
  for (const Segment& segment : directory_.segments) bytes_ += bytes_of(segment.gone) + bytes_of(segment.promised);
  for (const Stretches& batch : directory_.batches) bytes_ += batch.capacity() * sizeof(Stretch);
}

}  // namespace orderly::domain
