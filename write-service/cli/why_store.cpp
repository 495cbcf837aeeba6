#include "cli/why_store.h"

#include <map>
#include <vector>

#include "cli/backup_files.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"
#include "outbox/outbox_entry.h"
#include "storage/customer_keys.h"
#include "storage/event_log.h"
#include "topics.h"

namespace orderly::cli {
namespace {

struct ShardStore {
  std::int32_t shard = 0;
  sqlite::Database db;
};

// Each opened on one state of it.
std::vector<ShardStore> open_stores(const std::filesystem::path& data) {
  std::vector<ShardStore> stores;
  for (const auto& live : write_service_files(data)) {
    if (live.file.kind != BackupKind::shard) continue;
    sqlite::Database db{live.from, sqlite::OpenMode::read_only};
    db.execute("BEGIN");
    const auto shard = static_cast<std::int32_t>(db.query_integer("SELECT shard FROM shard"));
    stores.push_back({shard, std::move(db)});
  }
  return stores;
}

void read_chunk(std::string_view bytes, OutboxPlace place, std::int64_t published,
                const std::function<void(const kafka::Message&, const OutboxPlace*)>& see) {
  std::vector<kafka::Header> headers;
  for (outbox::EntryReader entries{bytes}; !entries.at_end(); ++place.sequence) {
    headers.clear();
    const auto entry = entries.next(headers);
    if (place.sequence < published || !topics::is_ours(entry.topic)) continue;
    kafka::Message message{entry.topic, entry.partition, 0, 0, entry.key, entry.value, headers};
    const auto time = parse_rfc3339(message.header("ce_time").value_or(std::string_view{}));
    message.timestamp_ms = time ? to_unix_ms(*time) : 0;
    see(message, &place);
  }
}

std::string stream_of(const WhyRecord& event) {
  if (event.topic == topics::ordering_events) return std::string{domain::Order::stream_category} + '/' + event.subject;
  if (event.topic == topics::customer_events) {
    return std::string{domain::Customer::stream_category} + '/' + event.subject;
  }
  return std::string{domain::Product::stream_category} + '/' + event.subject;
}

// Along the stream's chain from its head, until all are found.
void locate_in_stream(sqlite::Database& db, const std::string& stream, std::vector<WhyRecord*> events) {
  const auto head = storage::EventLog{db}.head(stream);
  sqlite::Statement row{db, "SELECT previous, command_id, number FROM events WHERE position = ?1"};
  for (auto position = head ? head->position : 0; position != 0 && !events.empty();) {
    if (!row.bind(position).step()) return;
    const auto command = row.text(1);
    std::erase_if(events, [&](WhyRecord* event) {
      if (event->causation_id != command) return false;
      if (derive_id(command, "event", static_cast<std::uint64_t>(row.integer(2))) != event->id) return false;
      event->position = position;
      return true;
    });
    position = row.integer(0);
  }
}

}  // namespace

void read_outboxes(const std::filesystem::path& data,
                   const std::function<void(const kafka::Message&, const OutboxPlace*)>& see) {
  for (auto& [shard, db] : open_stores(data)) {
    if (storage::holds_sealed_ids(db)) continue;  // and so is its outbox
    sqlite::Statement chunk{db,
                            "SELECT topic, published, sequence, messages, lane FROM outbox JOIN lanes USING (lane) "
                            "ORDER BY lane, sequence"};
    while (chunk.step()) {
      const bool clock = chunk.integer(4) == static_cast<std::int64_t>(topics::clock_lane);
      OutboxPlace place{shard, clock ? "the clock" : std::string{chunk.text(0)}, chunk.integer(2)};
      read_chunk(chunk.blob(3), std::move(place), chunk.integer(1), see);
    }
  }
}

void locate_events(const std::filesystem::path& data, std::span<WhyRecord> records) {
  std::map<std::pair<std::int32_t, std::string>, std::vector<WhyRecord*>> by_stream;
  for (auto& record : records) {
    if (record.kind == WhyRecord::Kind::event) by_stream[{record.partition, stream_of(record)}].push_back(&record);
  }
  for (auto& [shard, db] : open_stores(data)) {
    for (const auto& [place, events] : by_stream) {
      if (place.first == shard) locate_in_stream(db, place.second, events);
    }
  }
}

}  // namespace orderly::cli
