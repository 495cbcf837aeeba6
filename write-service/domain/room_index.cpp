#include "domain/room_index.h"

#include <algorithm>
#include <utility>

namespace orderly::domain {
namespace {

constexpr std::int32_t warehouse = std::numeric_limits<std::int32_t>::min();

// A treap wants random priorities; a mixed number is random enough, and the same in every run (MurmurHash3's
// finaliser).
std::uint32_t priority(std::uint32_t number) {
  number ^= number >> 16U;
  number *= 0x85EBCA6BU;
  number ^= number >> 13U;
  number *= 0xC2B2AE35U;
  return number ^ (number >> 16U);
}

std::int32_t day_of(const std::optional<Date>& eta) {
  return eta ? static_cast<std::int32_t>(std::chrono::sys_days{*eta}.time_since_epoch().count()) : warehouse;
}

}  // namespace

BatchNumber RoomIndex::add(const std::optional<Date>& eta, std::int64_t room) {
  const auto node = static_cast<Link>(nodes_.size());
  nodes_.push_back({room, room, day_of(eta), none, none, none});
  attach(node);
  while (nodes_[node].parent != none && priority(node) > priority(nodes_[node].parent)) lift(node);
  refresh_upwards(nodes_[node].parent);
  return node;
}

void RoomIndex::change(BatchNumber batch, std::int64_t difference) {
  nodes_[batch].room += difference;
  refresh_upwards(batch);
}

std::optional<BatchNumber> RoomIndex::first_with_room(std::int64_t quantity) const {
  if (root_ == none || nodes_[root_].most_room < quantity) return std::nullopt;
  Link at = root_;
  for (;;) {
    const Node& node = nodes_[at];
    if (node.left != none && nodes_[node.left].most_room >= quantity) {
      at = node.left;
    } else if (node.room >= quantity) {
      return at;
    } else {
      at = node.right;  // the subtree has the room, and neither its left part nor its root does
    }
  }
}

bool RoomIndex::before(Link a, Link b) const {
  return nodes_[a].day != nodes_[b].day ? nodes_[a].day < nodes_[b].day : a < b;
}

void RoomIndex::attach(Link node) {
  Link parent = none;
  Link at = root_;
  bool left = false;
  while (at != none) {
    parent = at;
    left = before(node, at);
    at = left ? nodes_[at].left : nodes_[at].right;
  }
  nodes_[node].parent = parent;
  if (parent == none) {
    root_ = node;
  } else {
    (left ? nodes_[parent].left : nodes_[parent].right) = node;
  }
}

// A rotation that puts the node in its parent's place.
void RoomIndex::lift(Link node) {
  const Link parent = nodes_[node].parent;
  const bool was_left = nodes_[parent].left == node;
  const Link moved = was_left ? nodes_[node].right : nodes_[node].left;
  replace_child(nodes_[parent].parent, parent, node);
  (was_left ? nodes_[parent].left : nodes_[parent].right) = moved;
  if (moved != none) nodes_[moved].parent = parent;
  (was_left ? nodes_[node].right : nodes_[node].left) = parent;
  nodes_[parent].parent = node;
  refresh(parent);
  refresh(node);
}

void RoomIndex::replace_child(Link parent, Link old_child, Link new_child) {
  nodes_[new_child].parent = parent;
  if (parent == none) {
    root_ = new_child;
  } else {
    (nodes_[parent].left == old_child ? nodes_[parent].left : nodes_[parent].right) = new_child;
  }
}

// Whether the node's most room changed.
bool RoomIndex::refresh(Link node) {
  Node& changed = nodes_[node];
  std::int64_t most = changed.room;
  if (changed.left != none) most = std::max(most, nodes_[changed.left].most_room);
  if (changed.right != none) most = std::max(most, nodes_[changed.right].most_room);
  return std::exchange(changed.most_room, most) != most;
}

void RoomIndex::refresh_upwards(Link node) {
  while (node != none && refresh(node)) node = nodes_[node].parent;
}

}  // namespace orderly::domain
