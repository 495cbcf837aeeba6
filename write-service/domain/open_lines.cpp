#include "domain/open_lines.h"

#include <functional>
#include <stdexcept>
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

std::optional<LineNumber> OpenLines::find(std::string_view order_id) const {
  if (buckets_.empty()) return std::nullopt;
  const std::uint32_t hash = hash_of(order_id);
  Link at = buckets_[hash & (buckets_.size() - 1)];
  while (at != none && (lines_[at].hash != hash || lines_[at].order_id != order_id)) at = lines_[at].next_in_bucket;
  return number(at);
}

OpenLines::View OpenLines::at(LineNumber number) const {
  const Line& line = lines_[number];
  return {line.order_id, line.quantity, line.backorder != 0, line.arrived,
          line.batch == none ? std::nullopt : std::optional{line.batch}};
}

std::optional<LineNumber> OpenLines::oldest_in(BatchNumber batch) const {
  return batch < batches_.size() ? number(batches_[batch].first) : std::nullopt;
}

std::optional<LineNumber> OpenLines::newest_in(BatchNumber batch) const {
  return batch < batches_.size() ? number(batches_[batch].last) : std::nullopt;
}

void OpenLines::allocate(std::string_view order_id, std::int64_t quantity, bool backorder, BatchNumber batch) {
  const auto known = find(order_id);
  if (known && lines_[*known].batch != none) throw std::logic_error("a line allocated twice");
  if (known) unlink(*known);
  append_to_batch(known ? *known : open(order_id, quantity, backorder, next_arrival_++), batch);
}

void OpenLines::wait(std::string_view order_id, std::int64_t quantity) {
  const auto known = find(order_id);
  if (known && lines_[*known].batch != none) throw std::logic_error("an allocated line goes to the queue");
  if (!known) put_in_queue(open(order_id, quantity, true, next_arrival_++));
}

void OpenLines::displace(LineNumber line) {
  if (lines_[line].batch == none) throw std::logic_error("a waiting line loses its batch");
  unlink(line);
  put_in_queue(line);
  last_displaced_ = line;
}

void OpenLines::close(LineNumber line) {
  unlink(line);
  forget_id(line);
  lines_[line] = Line{};
  lines_[line].next = std::exchange(free_, line);
  if (--count_ == 0) {
    lines_.clear();
    lines_.shrink_to_fit();
    free_ = none;
  }
}

void OpenLines::restore(const View& line) {
  if (find(line.order_id)) throw std::logic_error("a line restored twice");
  const Link opened = open(line.order_id, line.quantity, line.backorder, line.arrived);
  if (line.batch) {
    append_to_batch(opened, *line.batch);
  } else {
    put_in_queue(opened);
  }
}

std::size_t OpenLines::approximate_bytes() const {
  constexpr std::size_t deque_bytes_a_slot = 4;  // its map and the headers of its blocks
  return lines_.size() * (sizeof(Line) + deque_bytes_a_slot) + buckets_.capacity() * sizeof(Link) +
         batches_.capacity() * sizeof(Ends) + id_bytes_;
}

OpenLines::Link OpenLines::open(std::string_view order_id, std::int64_t quantity, bool backorder,
                                std::uint64_t arrived) {
  if (count_ >= buckets_.size()) grow_buckets();
  const Link slot = new_slot();
  Line& line = lines_[slot];
  line.order_id = std::string{order_id};  // a fresh string has no spare capacity
  line.arrived = arrived;
  line.quantity = static_cast<std::uint32_t>(quantity) & 0x7FFF'FFFFU;
  line.backorder = backorder ? 1U : 0U;
  line.hash = hash_of(order_id);
  line.next_in_bucket = std::exchange(bucket(line.hash), slot);
  id_bytes_ += heap_bytes(line.order_id);
  ++count_;
  return slot;
}

OpenLines::Link OpenLines::new_slot() {
  if (free_ == none) {
    lines_.emplace_back();
    return static_cast<Link>(lines_.size() - 1);
  }
  const Link slot = free_;
  free_ = std::exchange(lines_[slot].next, none);
  return slot;
}

void OpenLines::grow_buckets() {
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

void OpenLines::forget_id(Link line) {
  Link* at = &bucket(lines_[line].hash);
  while (*at != line) at = &lines_[*at].next_in_bucket;
  *at = lines_[line].next_in_bucket;
  id_bytes_ -= heap_bytes(lines_[line].order_id);
}

void OpenLines::unlink(Link line) {
  Ends& list = list_of(line);
  const Link previous = std::exchange(lines_[line].previous, none);
  const Link next = std::exchange(lines_[line].next, none);
  (previous == none ? list.first : lines_[previous].next) = next;
  (next == none ? list.last : lines_[next].previous) = previous;
  if (last_displaced_ == line) last_displaced_ = next;
}

void OpenLines::insert_after(Link line, Link previous) {
  Ends& list = list_of(line);
  const Link next = std::exchange(previous == none ? list.first : lines_[previous].next, line);
  lines_[line].previous = previous;
  lines_[line].next = next;
  (next == none ? list.last : lines_[next].previous) = line;
}

void OpenLines::append_to_batch(Link line, BatchNumber batch) {
  if (batch >= batches_.size()) batches_.resize(batch + 1);
  lines_[line].batch = batch;
  insert_after(line, batches_[batch].last);
}

void OpenLines::put_in_queue(Link line) {
  const std::uint64_t arrived = lines_[line].arrived;
  lines_[line].batch = none;
  Link previous = queue_.last;
  if (previous != none && lines_[previous].arrived > arrived) {
    previous = last_displaced_ == none ? queue_.first : last_displaced_;
    while (previous != none && lines_[previous].arrived < arrived) previous = lines_[previous].next;
    while (previous != none && lines_[previous].arrived > arrived) previous = lines_[previous].previous;
  }
  insert_after(line, previous);
}

}  // namespace orderly::domain
