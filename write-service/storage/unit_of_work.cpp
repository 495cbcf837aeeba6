#include "storage/unit_of_work.h"

#include <algorithm>

#include "storage/checksum.h"

namespace orderly::storage {
namespace {

constexpr int lane_shift = 48;  // position = lane << 48 | number
// stream = lane << 40 | number: small in every event's row. Earlier stores numbered all lanes as the first one.
constexpr int stream_lane_shift = 40;

}  // namespace

struct UnitOfWork::Statements {
  explicit Statements(const sqlite::Database& db)
      : event(db,
              "INSERT INTO events(position, stream, version, previous, type, time, command_id, number, correlation_id, "
              "data, principal, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
        new_stream(db, "INSERT INTO streams(stream, name, version, position, published) VALUES (?1, ?2, ?3, ?4, ?5)"),
        stream(db, "UPDATE streams SET version = ?2, position = ?3, published = ?4 WHERE stream = ?1"),
        snapshot(db, "REPLACE INTO snapshots(stream, version, position, data, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"),
        outbox(db, "INSERT INTO outbox(lane, sequence, count, messages, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"),
        published(db, "DELETE FROM outbox WHERE lane = ?1 AND sequence + count <= ?2 AND sequence < ?2"),
        lane(db,
             "UPDATE lanes SET next_offset = ?2, next_position = ?3, next_sequence = ?4, published = ?5 WHERE lane = "
             "?1"),
        forgotten(db, "INSERT OR IGNORE INTO forgotten_customers VALUES (?1, ?2, ?3)") {}
  sqlite::Statement event, new_stream, stream, snapshot, outbox, published, lane, forgotten;
};

UnitOfWork::UnitOfWork(const std::filesystem::path& directory, ShardPlace place, const Options& options)
    : db_(open_store(directory, place, {options.check_first, !options.customer_keys.empty()})),
      place_(place),
      least_snapshot_bytes_(options.least_snapshot_bytes),
      aggregates_(db_, options.cache_bytes),
      statements_(std::make_unique<Statements>(db_)),
      results_(db_, options.deduplication),
      held_(db_),
      schedule_(db_),
      outbox_(place.partitions) {
  if (!options.customer_keys.empty()) customer_keys_.emplace(options.customer_keys, place.shard);
  // A quarter of what the aggregates may have, again for SQLite's pages.
  const auto page_cache_kib = std::clamp<std::size_t>(options.cache_bytes / 4 / 1024, 4'096, 32'768);
  db_.execute("PRAGMA cache_size = -" + std::to_string(page_cache_kib));
  open();
  if (customer_keys_) catch_up_on_keys();
  begin();
}

UnitOfWork::~UnitOfWork() = default;

void UnitOfWork::open() {
  sqlite::Transaction transaction{db_};
  claim_store(db_, place_, customer_keys_ ? customer_keys_->name() : "");
  sqlite::Statement insert{db_, "INSERT OR IGNORE INTO lanes VALUES (?1, ?2, -2, 0, 0, 0)"};
  for (Lane lane = 0; lane < lanes_.size(); ++lane) insert.run(lane, topics::lanes[lane]);
  // A process that was killed within a commit may have written it and not synced it: here it is read as committed, and would
  // be published. The write, which SQLite does not leave out as it does an UPDATE that changes nothing, syncs all of the log.
  db_.execute("PRAGMA user_version = 1");
  transaction.commit();

  sqlite::Statement lanes{db_, "SELECT lane, next_offset, next_position, next_sequence, published FROM lanes"};
  while (lanes.step()) {
    lanes_.at(static_cast<std::size_t>(lanes.integer(0))) = {lanes.integer(1), lanes.integer(2), lanes.integer(3),
                                                             lanes.integer(4)};
  }
  sqlite::Statement highest{db_, "SELECT coalesce(max(stream), ?1) FROM streams WHERE stream BETWEEN ?1 AND ?2"};
  for (Lane lane = 0; lane < lanes_.size(); ++lane) {
    const auto first = static_cast<std::int64_t>(lane) << stream_lane_shift;
    highest.bind(first, first + (std::int64_t{1} << stream_lane_shift) - 1).step();
    next_streams_[lane] = highest.integer(0) + 1;
  }
  committed_lanes_ = lanes_;
  committed_next_streams_ = next_streams_;
  for (Lane lane = 0; lane < lanes_.size(); ++lane) published_[lane] = lanes_[lane].published;
}

// Clears what belongs to the last batch.
void UnitOfWork::begin() {
  events_.clear();
  touched_.clear();
  outbox_.clear();
  next_offsets_.fill(0);
  for (Lane lane = 0; lane < lanes_.size(); ++lane) next_offsets_[lane] = lanes_[lane].next_offset;
}

void UnitOfWork::append(LiveStream& live, const Envelope& cause, std::uint64_t number, StoredForm event) {
  if (!live.touched) {
    live.touched = true;
    touched_.push_back(&live);
    if (live.is_new) live.head.stream = next_streams_[cause.lane]++;
  }
  newest_ms_ = std::max(newest_ms_, to_unix_ms(cause.time));
  // Positions start at 1: 0 ends a stream's chain.
  const auto position = static_cast<std::int64_t>(cause.lane) << lane_shift | ++lanes_[cause.lane].next_position;
  live.bytes_since_snapshot += event.data.size();
  events_.push_back({position, live.head.stream, ++live.head.version, live.head.position, event.type,
                     to_unix_ms(cause.time), cause.id, number,
                     cause.correlation_id == cause.id ? std::nullopt : std::optional{cause.correlation_id},
                     std::move(event.data), cause.principal.empty() ? std::nullopt : std::optional{cause.principal}});
  live.head.position = position;
}

bool UnitOfWork::has_news() const {
  for (Lane lane = 0; lane < lanes_.size(); ++lane) {
    if (published_[lane] > lanes_[lane].published) return true;
  }
  return false;
}

std::vector<std::shared_ptr<const outbox::Chunk>> UnitOfWork::commit() {
  std::vector<std::shared_ptr<const outbox::Chunk>> chunks;
  if (customer_keys_) customer_keys_->write();
  {
    sqlite::Transaction transaction{db_};
    write_events();
    write_streams();
    results_.write();
    held_.write();
    schedule_.write();
    write_outbox(chunks);
    write_lanes();
    if (customer_keys_) {
      for (const auto& [sealed, at] : customer_keys_->forgetting()) {
        statements_->forgotten.run(sealed, at.offset, at.time_ms);
      }
    }
    transaction.commit();
  }
  results_.committed();
  held_.committed();
  schedule_.committed();
  if (customer_keys_) settle_keys();
  for (LiveStream* live : touched_) live->touched = live->is_new = false;
  aggregates_.trim(touched_);
  committed_lanes_ = lanes_;
  committed_next_streams_ = next_streams_;
  begin();
  return chunks;
}

// What was forgotten before a crash, or before the keys were restored from a copy, is forgotten again.
void UnitOfWork::catch_up_on_keys() {
  sqlite::Statement forgotten{db_, "SELECT sealed, offset, time FROM forgotten_customers"};
  while (forgotten.step()) {
    customer_keys_->forget(std::string{forgotten.text(0)}, {forgotten.integer(1), forgotten.integer(2)});
  }
  sqlite::Statement waiting{db_, "SELECT lane, sequence + count, messages FROM outbox"};
  while (waiting.step()) {
    customer_keys_->outbox_seal().waits(static_cast<Lane>(waiting.integer(0)), waiting.integer(1), waiting.blob(2));
  }
  settle_keys();
}

// After the commit that says so: the keys go. So does the log, which may still hold a parked command of the customer.
void UnitOfWork::settle_keys() {
  const bool is_forgetting = !customer_keys_->forgetting().empty();
  customer_keys_->committed(newest_ms_);
  customer_keys_->outbox_seal().committed(published_);
  if (is_forgetting) db_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

void UnitOfWork::rollback() {
  results_.rolled_back();
  held_.rolled_back();
  schedule_.rolled_back();
  if (customer_keys_) {
    customer_keys_->rolled_back();
    customer_keys_->outbox_seal().rolled_back();
  }
  aggregates_.drop(touched_);
  lanes_ = committed_lanes_;
  next_streams_ = committed_next_streams_;
  begin();
}

void UnitOfWork::write_events() {
  for (const auto& e : events_) {
    statements_->event.run(e.position, e.stream, e.version, e.previous, e.type, e.time_ms, e.command_id, e.number,
                           e.correlation_id, sqlite::as_blob(e.data), e.principal,
                           Checksum::of(e.stream, e.version, e.type, e.data));
  }
}

void UnitOfWork::write_streams() {
  for (LiveStream* live : touched_) {
    const auto& head = live->head;
    if (live->is_new) {
      statements_->new_stream.run(head.stream, live->name, head.version, head.position, head.published_version);
    } else {
      statements_->stream.run(head.stream, head.version, head.position, head.published_version);
    }
    if (live->bytes_since_snapshot > std::max(least_snapshot_bytes_, live->snapshot_bytes)) write_snapshot(*live);
  }
}

void UnitOfWork::write_snapshot(LiveStream& live) {
  live.archive(aggregates_.lines());
  const std::string data = live.encode_snapshot();
  statements_->snapshot.run(live.head.stream, live.head.version, live.head.position, sqlite::as_blob(data),
                            Checksum::of(live.head.stream, live.head.version, data));
  live.snapshot_bytes = data.size();
  live.bytes_since_snapshot = 0;
  ++snapshots_.written;
  snapshots_.bytes += static_cast<std::int64_t>(data.size());
}

void UnitOfWork::write_outbox(std::vector<std::shared_ptr<const outbox::Chunk>>& chunks) {
  for (Lane lane = 0; lane < lanes_.size(); ++lane) {
    auto& pending = outbox_.pending()[lane];
    if (pending.count == 0) continue;
    auto chunk = std::make_shared<outbox::Chunk>(
        outbox::Chunk{lane, lanes_[lane].next_sequence, pending.count, std::move(pending.messages)});
    lanes_[lane].next_sequence += chunk->count;
    std::string sealed;
    if (customer_keys_) {
      sealed = customer_keys_->outbox_seal().seal(lane, lanes_[lane].next_sequence, chunk->messages);
    }
    const std::string_view stored = customer_keys_ ? sealed : chunk->messages;
    statements_->outbox.run(lane, chunk->sequence, chunk->count, sqlite::as_blob(stored),
                            Checksum::of(chunk->sequence, chunk->count, stored));
    chunks.push_back(std::move(chunk));
  }
}

void UnitOfWork::write_lanes() {
  for (Lane lane = 0; lane < lanes_.size(); ++lane) {
    auto& state = lanes_[lane];
    state.next_offset = next_offsets_[lane];
    if (published_[lane] > state.published) {
      statements_->published.run(lane, published_[lane]);
      state.published = published_[lane];
    }
    if (state == committed_lanes_[lane]) continue;
    statements_->lane.run(lane, state.next_offset, state.next_position, state.next_sequence, state.published);
  }
}

std::vector<std::shared_ptr<const outbox::Chunk>> UnitOfWork::chunks_from(Lane lane, std::int64_t sequence) {
  sqlite::Statement rows{
      db_,
      "SELECT sequence, count, messages, checksum FROM outbox WHERE lane = ?1 AND sequence + count > ?2 ORDER BY "
      "sequence"};
  rows.bind(lane, sequence);
  std::vector<std::shared_ptr<const outbox::Chunk>> chunks;
  while (rows.step()) {
    Checksum::verify(rows, 3, "outbox message " + std::to_string(rows.integer(0)), rows.integer(0), rows.integer(1),
                     rows.blob(2));
    std::string messages{rows.blob(2)};
    // Without its key it is empty: in a store restored from a backup, what is out since.
    if (customer_keys_) messages = customer_keys_->outbox_seal().open(messages).value_or("");
    chunks.push_back(
        std::make_shared<outbox::Chunk>(outbox::Chunk{lane, rows.integer(0), rows.integer(1), std::move(messages)}));
  }
  return chunks;
}

}  // namespace orderly::storage
