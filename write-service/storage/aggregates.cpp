#include "storage/aggregates.h"

namespace orderly::storage {
namespace {

constexpr std::size_t overhead_bytes = 256;  // of an entry beside its state: nodes, name, head

}  // namespace

LiveStream* Aggregates::find(const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->get();
}

LiveStream& Aggregates::insert(std::unique_ptr<LiveStream> live) {
  live->bytes = live->approximate_bytes() + overhead_bytes;
  bytes_ += live->bytes;
  entries_.push_front(std::move(live));
  LiveStream& entry = *entries_.front();
  by_name_.emplace(entry.name, entries_.begin());
  return entry;
}

void Aggregates::trim(const std::vector<LiveStream*>& touched) {
  for (LiveStream* live : touched) {
    bytes_ -= live->bytes;
    live->bytes = live->approximate_bytes() + overhead_bytes;
    bytes_ += live->bytes;
  }
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back()->bytes;
    by_name_.erase(entries_.back()->name);
    entries_.pop_back();
    ++counts_.evictions;
  }
}

void Aggregates::drop(const std::vector<LiveStream*>& touched) {
  for (LiveStream* live : touched) {
    bytes_ -= live->bytes;
    const auto found = by_name_.find(live->name);
    const auto entry = found->second;
    by_name_.erase(found);
    entries_.erase(entry);
  }
}

}  // namespace orderly::storage
