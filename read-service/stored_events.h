// Events that a view keeps in its own file, for history and for answers as of then: one row an event, under the place
// where it lies in its topic, and each names the one before it in its chain (such as an order's), so that no index is
// needed. Threads: as the database's. Failures: sqlite::Error; std::length_error for a place beyond all topics.
//
//   heads.last_event = log.append(event, heads.last_event);
//   read_chain(reader, topics, heads.last_event, events);  // newest first
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "read-service/published_event.h"
#include "read-service/readers.h"

namespace orderly::read {

inline constexpr std::int64_t no_event = 0;

// Part of the schema of a view that keeps events.
inline constexpr const char* event_log_schema = R"sql(
  CREATE TABLE events(place INTEGER PRIMARY KEY, previous INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
                      subject TEXT NOT NULL, version INTEGER NOT NULL, time_ms INTEGER NOT NULL,
                      causation_id TEXT NOT NULL, correlation_id TEXT, data BLOB NOT NULL, traceparent TEXT);
)sql";

// The topics of a view, in the order that numbers them in its file: add at the end only.
using Topics = std::span<const std::string_view>;

class EventLog {
 public:
  EventLog(const sqlite::Database& db, Topics topics);

  // Gives the place under which the event is kept.
  std::int64_t append(const PublishedEvent& event, std::int64_t previous);

 private:
  const Topics topics_;
  sqlite::Statement insert_;
};

struct StoredEvent {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string id, type, subject, causation_id, correlation_id, traceparent;
  std::int64_t version = 0;
  Time time;
  std::string data;  // Protobuf
};

// Adds the chain that ends there, newest first. False: it has more than `most` events, and was left off.
bool read_chain(Reader& reader, Topics topics, std::int64_t last_event, std::size_t most,
                std::vector<StoredEvent>& into);

// As they came from the broker.
EventBatch decode(const std::vector<StoredEvent>& events);

}  // namespace orderly::read
