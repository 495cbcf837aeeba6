#include "cli/repartition.h"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "cli/backup_files.h"
#include "common/file_lock/file_lock.h"
#include "messaging/v1/messaging.pb.h"
#include "outbox/integration_events.h"
#include "outbox/outbox_entry.h"
#include "storage/id_log.h"
#include "storage/unit_of_work.h"

namespace orderly::cli {
namespace {

constexpr int lane_shift = 48;  // of events.position, as storage/schema.sql says
constexpr std::int64_t commit_every = 1'000;
constexpr std::size_t cache_bytes = 512 * 1024 * 1024;  // over all new shards

struct OldStore {
  std::filesystem::path file;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<sqlite::Database> db;
  std::int32_t shard = 0, partitions = 0;
};

OldStore open_store(const std::filesystem::path& file) {
  OldStore store{file, std::make_unique<FileLock>(std::filesystem::path{file}.replace_extension(".lock")),
                 std::make_unique<sqlite::Database>(file, sqlite::OpenMode::read_only)};
  store.shard = static_cast<std::int32_t>(store.db->query_integer("SELECT shard FROM shard"));
  if (storage::holds_sealed_ids(*store.db)) {
    throw std::runtime_error{file.string() + " has customers' ids sealed, with keys of its own: it cannot be divided"};
  }
  store.partitions = static_cast<std::int32_t>(store.db->query_integer("SELECT partitions FROM shard"));
  return store;
}

// Every shard once, in order.
std::vector<OldStore> open_stores(const std::vector<std::filesystem::path>& directories) {
  std::map<std::int32_t, OldStore> found;
  for (const auto& directory : directories) {
    for (const auto& file : write_service_files(directory)) {
      if (file.file.kind != BackupKind::shard) continue;
      auto store = open_store(file.from);
      if (found.contains(store.shard)) {
        throw std::runtime_error{"there are two stores of shard " + std::to_string(store.shard) + ": " +
                                 found.at(store.shard).file.string() + " and " + file.from.string()};
      }
      const auto shard = store.shard;
      found.emplace(shard, std::move(store));
    }
  }
  if (found.empty()) throw std::runtime_error{"no store of a write service was given"};
  std::vector<OldStore> stores;
  for (auto& [shard, store] : found) stores.push_back(std::move(store));
  for (std::int32_t shard = 0; shard < stores.front().partitions; ++shard) {
    if (std::cmp_less(shard, stores.size()) && stores[static_cast<std::size_t>(shard)].shard == shard) continue;
    throw std::runtime_error{"the store of shard " + std::to_string(shard) + " is missing: all " +
                             std::to_string(stores.front().partitions) + " are needed"};
  }
  return stores;
}

void require_rest(const OldStore& store) {
  const auto refuse = [&](const std::string& why) {
    throw std::runtime_error{store.file.string() + " is not at rest: " + why};
  };
  if (store.db->query_integer("SELECT count(*) FROM held") > 0) refuse("commands are held or parked in it");
  if (store.db->query_integer("SELECT count(*) FROM lanes WHERE published < next_sequence") > 0) {
    refuse("its outbox holds what is not known to be published; start its service again until all is out");
  }
  if (store.db->query_integer("SELECT coalesce(sum(version), 0) FROM streams") !=
      store.db->query_integer("SELECT count(*) FROM events")) {
    throw std::runtime_error{store.file.string() + ": events are missing: the store is damaged"};
  }
}

// An aggregate's name, category/id, in two.
std::pair<std::string_view, std::string> split(std::string_view stream) {
  const auto slash = stream.find('/');
  return {stream.substr(0, slash), std::string{stream.substr(slash + 1)}};
}

class NewStores {
 public:
  NewStores(const std::filesystem::path& directory, std::int32_t partitions) : partitions_(partitions) {
    storage::UnitOfWork::Options options;
    options.cache_bytes = cache_bytes / static_cast<std::size_t>(partitions);
    for (std::int32_t shard = 0; shard < partitions; ++shard) {
      const storage::ShardPlace place{shard, partitions};
      shards_.push_back({std::make_unique<storage::UnitOfWork>(directory, place, options)});
    }
  }

  template <class Change>
  void change(std::string_view aggregate_id, const Change& change) {
    auto& shard = shards_[static_cast<std::size_t>(kafka::partition_for(aggregate_id, partitions_))];
    change(*shard.work);
    if (++shard.changes % commit_every == 0) shard.work->commit();
  }
  void commit() {
    for (auto& shard : shards_) shard.work->commit();
  }
  std::int32_t partitions() const { return partitions_; }

 private:
  struct Shard {
    std::unique_ptr<storage::UnitOfWork> work;
    std::int64_t changes = 0;
  };
  std::int32_t partitions_;
  std::vector<Shard> shards_;
};

// True: it is one that is published.
template <domain::Decider Aggregate>
bool append(storage::UnitOfWork& work, const std::string& id, const Envelope& cause,
            const storage::StoredEvent& stored) {
  auto& live = work.aggregates().load<Aggregate>(id);
  const auto event = storage::EventCodec<Aggregate>::decode(stored.type, stored.data, id);
  const auto number = static_cast<std::uint64_t>(stored.number);
  work.append(live, cause, number, storage::EventCodec<Aggregate>::encode(event));
  if (live.head.version != stored.version) {
    throw std::runtime_error{live.name + ": version " + std::to_string(stored.version) + " comes as version " +
                             std::to_string(live.head.version) + ": the store is damaged"};
  }
  Aggregate::evolve(live.state, event);
  const auto published = outbox::to_integration_event(event);
  if (published) work.outbox().event(cause, *published, id, ++live.head.published_version, number);
  return published.has_value();
}

bool append_to(storage::UnitOfWork& work, std::string_view category, const std::string& id, const Envelope& cause,
               const storage::StoredEvent& event) {
  if (category == domain::Product::stream_category) return append<domain::Product>(work, id, cause, event);
  if (category == domain::Order::stream_category) return append<domain::Order>(work, id, cause, event);
  if (category == domain::Customer::stream_category) return append<domain::Customer>(work, id, cause, event);
  if (category == domain::BatchReference::stream_category) {
    return append<domain::BatchReference>(work, id, cause, event);
  }
  throw std::runtime_error{"a stream of the unknown kind " + std::string{category}};
}

void move_events(const OldStore& from, NewStores& to, RepartitionSummary& summary) {
  sqlite::Statement row{*from.db,
                        "SELECT s.name, e.version, e.type, e.time, e.command_id, e.number, coalesce(e.correlation_id, "
                        "e.command_id), e.data, coalesce(e.principal, ''), e.position FROM events e JOIN streams s "
                        "USING (stream) ORDER BY e.position"};
  while (row.step()) {
    storage::StoredEvent event;
    event.version = row.integer(1);
    event.type = row.text(2);
    event.number = row.integer(5);
    event.data = row.blob(7);
    Envelope cause;
    cause.time = from_unix_ms(row.integer(3));
    cause.id = row.text(4);
    cause.correlation_id = row.text(6);
    cause.principal = row.text(8);
    cause.lane = static_cast<Lane>(row.integer(9) >> lane_shift);
    const auto [category, id] = split(row.text(0));
    to.change(id, [&](storage::UnitOfWork& work) { summary.published += append_to(work, category, id, cause, event); });
    ++summary.events;
  }
}

void move_ids(const OldStore& from, NewStores& to, RepartitionSummary& summary) {
  storage::IdLog log{*from.db};
  const auto first = log.first_number();
  if (!first) return;
  storage::IdLog results{*from.db};
  std::string result;
  messaging::v1::CommandResult message;
  log.restore(*first, [&](const storage::IdLog::Scanned& seen) {
    if (!results.find(seen.number, seen.id, result) || !message.ParseFromString(result) ||
        message.aggregate_id().empty()) {
      ++summary.ids_left_out;
      return;
    }
    to.change(message.aggregate_id(), [&](storage::UnitOfWork& work) {
      // Two shards may have known one id, each for an aggregate of its own: the first counts.
      if (!work.results().find(seen.id)) work.results().remember(seen.id, result, seen.at_unix_ms);
    });
    ++summary.ids;
  });
}

void move_schedule(const OldStore& from, NewStores& to, RepartitionSummary& summary) {
  sqlite::Statement row{*from.db, "SELECT name, due, command FROM scheduled ORDER BY due"};
  while (row.step()) {
    const std::string entry{row.blob(2)};
    std::vector<kafka::Header> headers;
    auto message = outbox::EntryReader{entry}.next(headers);
    message.headers = headers;
    message.partition = kafka::partition_for(message.key.value_or(""), to.partitions());
    std::string moved;
    outbox::append_entry(moved, message);
    to.change(message.key.value_or(""), [&](storage::UnitOfWork& work) {
      work.schedule().add(std::string{row.text(0)}, from_unix_ms(row.integer(1)), std::move(moved));
    });
    ++summary.scheduled;
  }
}

}  // namespace

RepartitionSummary repartition(const RepartitionOptions& options) {
  const auto old_stores = open_stores(options.from);
  for (const auto& store : old_stores) require_rest(store);
  if (std::filesystem::exists(options.to) && !std::filesystem::is_empty(options.to)) {
    throw std::runtime_error{options.to.string() + " is not empty; it is left alone"};
  }
  RepartitionSummary summary;
  summary.partitions_before = old_stores.front().partitions;
  try {
    NewStores new_stores{options.to, options.partitions};
    for (const auto& store : old_stores) move_events(store, new_stores, summary);
    for (const auto& store : old_stores) move_ids(store, new_stores, summary);
    for (const auto& store : old_stores) move_schedule(store, new_stores, summary);
    new_stores.commit();
  } catch (...) {
    std::filesystem::remove_all(options.to);
    throw;
  }
  return summary;
}

std::vector<kafka::Position> positions_of_stores(const std::vector<std::filesystem::path>& directories) {
  std::vector<kafka::Position> positions;
  for (const auto& store : open_stores(directories)) {
    sqlite::Statement row{*store.db, "SELECT topic, next_offset FROM lanes WHERE lane < ?1 ORDER BY lane"};
    for (row.bind(topics::command_topics.size()); row.step();) {
      positions.push_back({std::string{row.text(0)}, store.shard, row.integer(1)});
    }
  }
  return positions;
}

}  // namespace orderly::cli
