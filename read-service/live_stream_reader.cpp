#include "read-service/live_stream_reader.h"

#include <algorithm>
#include <ranges>

#include "common/http/json.h"

namespace orderly::read {
namespace {

constexpr std::size_t write_bytes = 32 * 1'024;
constexpr const char* not_yet = "not yet";

}  // namespace

bool StreamReader::reaches(const Offsets& offsets, const Offsets& others) const {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (wanted_[i] && offsets[i] < others[i]) return false;
  }
  return true;
}

void StreamReader::reset(std::string reason) {
  reset_reason_ = std::move(reason);
  placed_ = false;
}

bool StreamReader::place(const EventRing& ring, Moment now) {
  if (placed_) return true;
  if (!ring.has_begun()) return false;
  wanted_.clear();
  for (std::size_t i = 0; i < ring.table().size(); ++i) wanted_.push_back(topics_.contains(ring.table().topic_of(i)));
  seen_.clear();
  greeting_ = "retry: 2000\n";
  auto reason = reset_reason_;
  if (reason.empty() && !last_event_id_.empty()) {
    reason = resume(ring, now);
    if (reason == not_yet) return false;
  }
  placed_ = true;
  if (!seen_.empty()) {
    greeting_ += '\n';
    return true;
  }
  next_ = ring.end();
  if (!reason.empty()) {
    http::JsonWriter json;
    greeting_ += "event: reset\ndata: " + json.begin_object().member("reason", reason).end_object().take() + '\n';
  }
  greeting_ += "id: " + encode(ring.end_offsets()) + "\n\n";  // also for one that leaves before its first event
  return true;
}

// Why it cannot be done; empty: it goes on behind the last event that it had.
std::string StreamReader::resume(const EventRing& ring, Moment now) {
  auto last = decode_offsets(last_event_id_, ring.table().size());
  if (!last) return "the Last-Event-ID is none of this stream";
  if (!reaches(*last, ring.start_offsets())) return "what followed the Last-Event-ID is no longer held";
  if (!reaches(ring.end_offsets(), *last)) {
    return now < patience_ ? not_yet : "the Last-Event-ID is ahead of what this service holds";
  }
  const auto numbers = std::views::iota(ring.first(), ring.end());
  next_ = *std::ranges::partition_point(numbers, [&](auto number) { return reaches(*last, ring.at(number)->end()); });
  seen_ = std::move(*last);
  return {};
}

StreamReader::Blocks StreamReader::take(const EventRing& ring) {
  Blocks blocks;
  std::size_t size_bytes = 0;
  for (; next_ < ring.end() && size_bytes < write_bytes; ++next_) {
    blocks.push_back(ring.at(next_));
    size_bytes += blocks.back()->size_bytes();
  }
  return blocks;
}

std::vector<http::Piece> StreamReader::cut(const Blocks& blocks) {
  std::vector<http::Piece> pieces;
  if (!greeting_.empty()) pieces.push_back(http::whole(std::exchange(greeting_, {})));
  for (const auto& block : blocks) {
    if (!seen_.empty() && reaches(block->start(), seen_)) seen_.clear();
    cut(*block, pieces);
  }
  return pieces;
}

// One piece for events that follow each other.
void StreamReader::cut(const EventBlock& block, std::vector<http::Piece>& pieces) {
  const auto& events = block.events();
  const auto wanted = [&](const auto& event) { return wants(event); };
  for (auto from = std::ranges::find_if(events, wanted); from != events.end();) {
    const auto to = std::find_if_not(from, events.end(), wanted);
    const auto& frames = block.frames();
    const auto begin = frames.begin(static_cast<std::size_t>(from - events.begin()));
    pieces.push_back({frames.text, begin, frames.begin(static_cast<std::size_t>(to - events.begin())) - begin});
    from = std::find_if(to, events.end(), wanted);
  }
}

}  // namespace orderly::read
