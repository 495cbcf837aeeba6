#include "read-service/view_store.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace orderly::read {
namespace {

constexpr const char* common_schema = R"sql(
  CREATE TABLE checkpoints(topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL,
                           PRIMARY KEY(topic, partition)) WITHOUT ROWID;
  CREATE TABLE streams(topic TEXT, subject TEXT, version INTEGER NOT NULL, PRIMARY KEY(topic, subject)) WITHOUT ROWID;
  CREATE TABLE store(schema_version INTEGER NOT NULL, complete INTEGER NOT NULL);  -- complete: the rank, or 0
)sql";

bool has_tables(sqlite::Database& db) {
  return db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'store'") == 1;
}

void make_tables(sqlite::Database& db, const ViewDefinition& definition) {
  sqlite::Transaction transaction{db};
  db.execute(common_schema);
  db.execute(definition.schema);
  sqlite::Statement{db, "INSERT INTO store VALUES (?1, 0)"}.run(definition.schema_version);
  transaction.commit();
}

std::string describe(const PublishedEvent& event) {
  return std::string{event.topic} + '/' + std::to_string(event.partition) + '/' + std::to_string(event.offset) + " (" +
         std::string{event.type.empty() ? "no type" : event.type} + ", id " + std::string{event.id} + "): ";
}

}  // namespace

// The versions of the streams that a batch touches: each read once and written once.
class ViewStore::StreamVersions {
 public:
  explicit StreamVersions(ViewStore& store) : store_(store) {}

  // False: the view has this version already.
  bool advance(const PublishedEvent& event, std::size_t& gaps) {
    const Key key{event.topic, event.subject};
    auto found = versions_.find(key);
    if (found == versions_.end()) {
      auto& read = store_.read_stream_->bind(event.topic, event.subject);
      found = versions_.emplace(key, read.step() ? read.integer(0) : 0).first;
      read.reset();
    }
    if (event.stream_version <= found->second) return false;
    if (event.stream_version != found->second + 1) ++gaps;
    found->second = event.stream_version;
    return true;
  }

  void save() {
    for (const auto& [key, version] : versions_) store_.save_stream_->run(key.topic, key.subject, version);
  }

 private:
  struct Key {
    std::string_view topic, subject;
    bool operator==(const Key& other) const { return subject == other.subject && topic == other.topic; }
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return std::hash<std::string_view>{}(key.subject); }
  };
  ViewStore& store_;
  std::unordered_map<Key, std::int64_t, Hash> versions_;
};

ViewStore::ViewStore(const ViewDefinition& definition, std::filesystem::path file)
    : definition_(definition), file_(std::move(file)), db_(file_, sqlite::OpenMode::read_write) {
  // A torn tail after a power cut is only read again, so a commit need not wait for the disk.
  db_.execute("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000");
  if (!has_tables(db_)) make_tables(db_, definition_);
  if (db_.query_integer("SELECT schema_version FROM store") != definition_.schema_version) {
    throw std::runtime_error{file_.string() + " is of another schema version"};
  }
  sqlite::Statement read{db_, "SELECT topic, partition, next_offset FROM checkpoints"};
  while (read.step()) {
    positions_[{std::string{read.text(0)}, static_cast<std::int32_t>(read.integer(1))}] = read.integer(2);
  }
  save_position_ = std::make_unique<sqlite::Statement>(db_, "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)");
  read_stream_ =
      std::make_unique<sqlite::Statement>(db_, "SELECT version FROM streams WHERE topic = ?1 AND subject = ?2");
  save_stream_ = std::make_unique<sqlite::Statement>(db_, "INSERT OR REPLACE INTO streams VALUES (?1, ?2, ?3)");
  projection_ = definition_.projection(db_);
}

Applied ViewStore::apply(std::span<const PublishedEvent> events) {
  Applied applied;
  // Most batches that come one event at a time are of no interest to most views.
  if (std::ranges::none_of(events, [&](const auto& event) { return definition_.wants(event.topic); })) return applied;
  const auto started = std::chrono::steady_clock::now();
  Positions next = positions_;
  const PublishedEvent* last = nullptr;
  std::int64_t* next_offset = nullptr;
  StreamVersions streams{*this};
  sqlite::Transaction transaction{db_};
  for (const auto& event : events) {
    if (!definition_.wants(event.topic)) continue;
    if (last == nullptr || event.topic != last->topic || event.partition != last->partition) {
      next_offset = &next[{std::string{event.topic}, event.partition}];
    }
    last = &event;
    if (event.offset < *next_offset) continue;
    apply_one(event, streams, applied);
    *next_offset = event.offset + 1;
  }
  if (next == positions_) return applied;
  streams.save();
  for (const auto& [partition, offset] : next) save_position_->run(partition.first, partition.second, offset);
  const auto applied_at = std::chrono::steady_clock::now();
  transaction.commit();
  applied.applying = applied_at - started;
  applied.committing = std::chrono::steady_clock::now() - applied_at;
  positions_ = std::move(next);
  return applied;
}

void ViewStore::apply_one(const PublishedEvent& event, StreamVersions& streams, Applied& applied) try {
  if (!event.flaw.empty()) throw std::runtime_error{event.flaw};
  if (event.message == nullptr && event.is_event) return;  // counted and logged where the batch was read
  if (definition_.versioned) {
    if (event.stream_version <= 0) throw std::runtime_error{"ce_streamversion is missing"};
    if (event.subject.empty()) throw std::runtime_error{"ce_subject is missing"};
    if (!streams.advance(event, applied.gaps)) {
      ++applied.repeated;
      return;
    }
  }
  projection_->apply(event, applied.changes);
  if (event.time) applied.caused_at.push_back(*event.time);
  const auto counted = applied.events_by_type.find(event.type);
  if (counted != applied.events_by_type.end()) {
    ++counted->second;
  } else {
    applied.events_by_type.emplace(event.type, 1);
  }
} catch (const std::exception& error) {
  throw std::runtime_error{describe(event) + error.what()};
}

Reader ViewStore::into_reader() && {
  projection_.reset();
  for (auto* statement : {&save_position_, &read_stream_, &save_stream_}) statement->reset();
  return Reader{std::move(db_)};
}

bool ViewStore::is_complete() { return db_.query_integer("SELECT complete FROM store") > 0; }
void ViewStore::mark_complete(int rank) { db_.execute("UPDATE store SET complete = " + std::to_string(rank)); }

std::optional<StoreState> inspect_store(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  if (!has_tables(db)) return std::nullopt;
  return StoreState{static_cast<int>(db.query_integer("SELECT schema_version FROM store")),
                    static_cast<int>(db.query_integer("SELECT complete FROM store"))};
}

}  // namespace orderly::read
