#include "storage/event_log.h"

#include <algorithm>
#include <stdexcept>

#include "storage/checksum.h"

namespace orderly::storage {

EventLog::EventLog(const sqlite::Database& db)
    : head_(db, "SELECT stream, version, position, published FROM streams WHERE name = ?1"),
      snapshot_(db, "SELECT version, position, data, checksum FROM snapshots WHERE stream = ?1"),
      event_(db,
             "SELECT stream, version, previous, type, time, command_id, number, correlation_id, data, "
             "principal, checksum FROM events "
             "WHERE position = ?1") {}

std::optional<StreamHead> EventLog::head(std::string_view stream_name) {
  head_.bind(stream_name);
  std::optional<StreamHead> found;
  if (head_.step()) found = StreamHead{head_.integer(0), head_.integer(1), head_.integer(2), head_.integer(3)};
  head_.reset();
  return found;
}

std::optional<Snapshot> EventLog::snapshot(std::int64_t stream) {
  snapshot_.bind(stream);
  std::optional<Snapshot> found;
  if (snapshot_.step()) {
    Checksum::verify(snapshot_, 3, "the snapshot of stream " + std::to_string(stream), stream, snapshot_.integer(0),
                     snapshot_.blob(2));
    found = Snapshot{snapshot_.integer(0), snapshot_.integer(1), std::string{snapshot_.blob(2)}};
  }
  snapshot_.reset();
  return found;
}

std::vector<StoredEvent> EventLog::after(const StreamHead& head, std::int64_t version) {
  std::vector<StoredEvent> events;
  events.reserve(static_cast<std::size_t>(head.version - version));
  for (std::int64_t position = head.position, wanted = head.version; wanted > version; --wanted) {
    event_.bind(position);
    if (!event_.step() || event_.integer(0) != head.stream || event_.integer(1) != wanted) {
      throw std::runtime_error{"the store is damaged: version " + std::to_string(wanted) + " of stream " +
                               std::to_string(head.stream) + " is not at position " + std::to_string(position)};
    }
    Checksum::verify(event_, 10, "the event at position " + std::to_string(position), head.stream, wanted,
                     event_.text(3), event_.blob(8));
    events.push_back({position, wanted, event_.integer(2), std::string{event_.text(3)}, event_.integer(4),
                      std::string{event_.text(5)}, event_.integer(6),
                      std::string{event_.is_null(7) ? event_.text(5) : event_.text(7)}, std::string{event_.blob(8)},
                      std::string{event_.is_null(9) ? std::string_view{} : event_.text(9)}});
    position = events.back().previous;
  }
  event_.reset();
  std::ranges::reverse(events);
  return events;
}

}  // namespace orderly::storage
