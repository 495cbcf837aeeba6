// Compares a shard's store with what a replay made. Streams are compared by their names: an early store numbered them
// otherwise. Threads: one. Failures: sqlite::Error.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/event_log.h"

namespace orderly::cli {

struct EventInStore {
  std::string stream;
  storage::StoredEvent event;
};

// What stands at one position; one side may have nothing there.
struct EventDifference {
  std::int64_t position = 0;
  std::optional<EventInStore> live, replayed;
};

struct StoreComparison {
  std::int64_t events = 0;             // of the live store
  std::int64_t differing_events = 0;   // those that only one of the two has among them
  std::vector<EventDifference> first;  // of each lane
  std::vector<std::string> others;     // what else differs, a sentence each
  bool equal() const { return differing_events == 0 && others.empty(); }
};

StoreComparison compare_stores(const std::filesystem::path& live, const std::filesystem::path& replayed);

}  // namespace orderly::cli
