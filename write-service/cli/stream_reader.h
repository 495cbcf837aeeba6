// Reads aggregates' events from a write service's data directory, also while the service runs.
// Threads: one. Failures: std::invalid_argument when the directory holds no store, std::runtime_error when none of the
// stores has the stream, sqlite::Error when one cannot be read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/event_log.h"

namespace orderly::cli {

struct Stream {
  std::string name;                          // category/id
  std::vector<storage::StoredEvent> events;  // oldest first
};

// `wanted` is category/id, such as product/LAMP, or an id alone, which streams of several categories may have.
std::vector<Stream> read_streams(const std::filesystem::path& directory, const std::string& wanted);

// The event as JSON on one line, in the shape that others see; one that is not published as it is stored.
std::string event_json(std::string_view stream_name, const storage::StoredEvent& event);

}  // namespace orderly::cli
