#include "domain/hot_lines.h"

#include <functional>
#include <utility>

namespace orderly::domain {
namespace {

std::uint32_t hash_of(std::string_view order_id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(order_id));
}

// What the allocator takes for a string too long to live in its object (glibc: 8 bytes of header, rounded up to 16).
std::size_t heap_bytes(const std::string& text) {
  return text.capacity() <= std::string{}.capacity() ? 0 : (text.capacity() + 1 + 8 + 15) / 16 * 16;
}

}  // namespace

std::optional<HotLines::Slot> HotLines::find(std::string_view order_id) const {
  if (buckets_.empty()) return std::nullopt;
  const std::uint32_t hash = hash_of(order_id);
  Link at = buckets_[hash & (buckets_.size() - 1)];
  while (at != none && (lines_[at].hash != hash || lines_[at].order_id != order_id)) at = lines_[at].next_in_bucket;
  return to_slot(at);
}

OpenLine HotLines::at(Slot slot) const {
  const Line& line = lines_[slot];
  return {line.order_id, line.quantity, line.backorder != 0, line.arrived, to_slot(line.batch)};
}

std::optional<HotLines::Slot> HotLines::oldest_in(BatchNumber batch) const {
  return batch < batches_.size() ? to_slot(batches_[batch].first) : std::nullopt;
}

std::optional<HotLines::Slot> HotLines::newest_in(BatchNumber batch) const {
  return batch < batches_.size() ? to_slot(batches_[batch].last) : std::nullopt;
}

void HotLines::add(OpenLine line) {
  if (count_ >= buckets_.size()) grow_buckets();
  const Link slot = new_slot();
  Line& added = lines_[slot];
  added.order_id = std::move(line.order_id);
  added.arrived = line.arrived;
  added.quantity = static_cast<std::uint32_t>(line.quantity) & 0x7FFF'FFFFU;
  added.backorder = line.backorder ? 1U : 0U;
  added.hash = hash_of(added.order_id);
  added.next_in_bucket = std::exchange(bucket(added.hash), slot);
  id_bytes_ += heap_bytes(added.order_id);
  ++count_;
  if (line.batch) {
    append_to_batch(slot, *line.batch);
  } else {
    put_in_queue(slot);
  }
}

void HotLines::allocate(Slot waiting, BatchNumber batch) {
  unlink(waiting);
  append_to_batch(waiting, batch);
}

void HotLines::displace(Slot allocated) {
  unlink(allocated);
  put_in_queue(allocated);
  last_put_back_ = allocated;
}

void HotLines::close(Slot slot) {
  unlink(slot);
  forget_id(slot);
  lines_[slot] = Line{};
  lines_[slot].next = std::exchange(free_, slot);
  if (--count_ == 0) {
    lines_.clear();
    lines_.shrink_to_fit();
    free_ = none;
  }
}

std::size_t HotLines::approximate_bytes() const {
  constexpr std::size_t deque_bytes_a_slot = 4;  // its map and the headers of its blocks
  return lines_.size() * (sizeof(Line) + deque_bytes_a_slot) + buckets_.capacity() * sizeof(Link) +
         batches_.capacity() * sizeof(Ends) + id_bytes_;
}

HotLines::Link HotLines::new_slot() {
  if (free_ == none) {
    lines_.emplace_back();
    return static_cast<Link>(lines_.size() - 1);
  }
  const Link slot = free_;
  free_ = std::exchange(lines_[slot].next, none);
  return slot;
}

void HotLines::grow_buckets() {
  constexpr std::size_t least_buckets = 8;
  std::vector<Link>(buckets_.empty() ? least_buckets : 2 * buckets_.size(), none).swap(buckets_);
  const auto link_all = [this](Link from) {
    for (Link at = from; at != none; at = lines_[at].next) {
      lines_[at].next_in_bucket = std::exchange(bucket(lines_[at].hash), at);
    }
  };
  link_all(queue_.first);
  for (const Ends& batch : batches_) link_all(batch.first);
}

void HotLines::forget_id(Link line) {
  Link* at = &bucket(lines_[line].hash);
  while (*at != line) at = &lines_[*at].next_in_bucket;
  *at = lines_[line].next_in_bucket;
  id_bytes_ -= heap_bytes(lines_[line].order_id);
}

void HotLines::unlink(Link line) {
  Ends& list = list_of(line);
  const Link previous = std::exchange(lines_[line].previous, none);
  const Link next = std::exchange(lines_[line].next, none);
  (previous == none ? list.first : lines_[previous].next) = next;
  (next == none ? list.last : lines_[next].previous) = previous;
  if (last_put_back_ == line) last_put_back_ = next;
}

void HotLines::insert_after(Link line, Link previous) {
  Ends& list = list_of(line);
  const Link next = std::exchange(previous == none ? list.first : lines_[previous].next, line);
  lines_[line].previous = previous;
  lines_[line].next = next;
  (next == none ? list.last : lines_[next].previous) = line;
}

void HotLines::append_to_batch(Link line, BatchNumber batch) {
  if (batch >= batches_.size()) batches_.resize(batch + 1);
  lines_[line].batch = batch;
  insert_after(line, batches_[batch].last);
}

void HotLines::put_in_queue(Link line) {
  const std::uint64_t arrived = lines_[line].arrived;
  lines_[line].batch = none;
  Link previous = queue_.last;
  if (previous != none && lines_[previous].arrived > arrived) {
    previous = last_put_back_ == none ? queue_.first : last_put_back_;
    while (previous != none && lines_[previous].arrived < arrived) previous = lines_[previous].next;
    while (previous != none && lines_[previous].arrived > arrived) previous = lines_[previous].previous;
    last_put_back_ = line;
  }
  insert_after(line, previous);
}

}  // namespace orderly::domain
