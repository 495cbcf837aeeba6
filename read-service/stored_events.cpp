#include "read-service/stored_events.h"

#include <algorithm>
#include <stdexcept>

#include "common/clock/rfc3339.h"

namespace orderly::read {
namespace {

// Topic (from 1 on, so that no place is 0), partition and offset in one number that grows with the offset.
constexpr int partition_bits = 16, offset_bits = 42;
constexpr std::int64_t most_partitions = std::int64_t{1} << partition_bits,
                       most_offsets = std::int64_t{1} << offset_bits;

std::int64_t place_of(Topics topics, const PublishedEvent& event) {
  const auto topic = std::ranges::find(topics, event.topic) - topics.begin() + 1;
  if (topic > std::ssize(topics) || event.partition >= most_partitions || event.offset >= most_offsets) {
    throw std::length_error{"the event lies where this view keeps none"};
  }
  return (topic << (partition_bits + offset_bits)) | (std::int64_t{event.partition} << offset_bits) | event.offset;
}

StoredEvent to_event(Topics topics, std::int64_t place, const sqlite::Statement& row) {
  const auto topic = static_cast<std::size_t>(place >> (partition_bits + offset_bits)) - 1;
  StoredEvent event{.topic = std::string{topics[topic]},
                    .partition = static_cast<std::int32_t>(place >> offset_bits & (most_partitions - 1)),
                    .offset = place & (most_offsets - 1),
                    .id = std::string{row.text(1)},
                    .type = std::string{row.text(2)},
                    .subject = std::string{row.text(3)},
                    .causation_id = std::string{row.text(6)},
                    .correlation_id = std::string{row.text(row.is_null(7) ? 6 : 7)},
                    .traceparent = std::string{row.text(9)},
                    .version = row.integer(4),
                    .time = from_unix_ms(row.integer(5)),
                    .data = std::string{row.blob(8)}};
  return event;
}

// What the records' views point into.
struct Texts final : kafka::MessageBatch::Owner {
  std::vector<StoredEvent> events;
  std::vector<std::array<std::string, 2>> numbers;  // of each event its version and time
  std::vector<std::array<kafka::Header, 7>> headers;
};

}  // namespace

EventLog::EventLog(const sqlite::Database& db, Topics topics)
    : topics_(topics), insert_(db, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)") {}

std::int64_t EventLog::append(const PublishedEvent& event, std::int64_t previous) {
  const auto place = place_of(topics_, event);
  // A command that begins a conversation is its own correlation: not written twice.
  const auto correlation =
      event.correlation_id == event.causation_id ? std::nullopt : std::optional{event.correlation_id};
  insert_.run(place, previous, event.id, event.type, event.subject, event.stream_version, to_unix_ms(event.happened()),
              event.causation_id, correlation, sqlite::as_blob(event.record->value), traceparent_of(event));
  return place;
}

bool read_chain(Reader& reader, Topics topics, std::int64_t last_event, std::size_t most,
                std::vector<StoredEvent>& into) {
  auto& row = reader.query(
      "SELECT previous, id, type, subject, version, time_ms, causation_id, correlation_id, data, traceparent FROM "
      "events "
      "WHERE place = ?1");
  for (auto place = last_event; place != no_event;) {
    if (into.size() == most) return false;
    if (!row.bind(place).step()) throw std::runtime_error{"a chain of events is broken"};
    into.push_back(to_event(topics, place, row));
    place = row.integer(0);
  }
  return true;
}

EventBatch decode(const std::vector<StoredEvent>& events) {
  auto texts = std::make_unique<Texts>();
  texts->events = events;
  kafka::MessageBatch batch;
  for (const auto& event : texts->events) {
    texts->numbers.push_back({std::to_string(event.version), to_rfc3339(event.time)});
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = texts->events[i];
    texts->headers.push_back({{{"ce_id", event.id},
                               {"ce_type", event.type},
                               {"ce_subject", event.subject},
                               {"ce_causationid", event.causation_id},
                               {"ce_correlationid", event.correlation_id},
                               {"ce_streamversion", texts->numbers[i][0]},
                               {"ce_time", texts->numbers[i][1]}}});
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = texts->events[i];
    batch.messages.push_back({.topic = event.topic,
                              .partition = event.partition,
                              .offset = event.offset,
                              .timestamp_ms = to_unix_ms(event.time),
                              .key = event.subject,
                              .value = event.data,
                              .headers = texts->headers[i]});
  }
  batch.owner = std::move(texts);
  return EventDecoder{}.decode(std::move(batch));
}

}  // namespace orderly::read
