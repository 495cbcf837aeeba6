// Everything that one batch of records changes, written by one SQLite transaction: events, results with their command
// ids, outbox, held commands, snapshots and the offsets consumed. Until commit() all of it is in memory only.
// Threads: the shard's. Failures: sqlite::Error from commit(); then call rollback(), and the store is as it was.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intake/command.h"
#include "outbox/outbox.h"
#include "storage/aggregates.h"
#include "storage/customer_keys.h"
#include "storage/deduplication.h"
#include "storage/held_commands.h"
#include "storage/schedule.h"
#include "storage/store_file.h"

namespace orderly::storage {

struct LaneState {
  std::int64_t next_offset = -2;  // of the next record to read; -2: the first there is
  std::int64_t next_position = 0;
  std::int64_t next_sequence = 0;
  std::int64_t published = 0;  // outbox messages before this one are out
  bool operator==(const LaneState&) const = default;
};

struct SnapshotCounts {  // since the store was opened
  std::int64_t written = 0, bytes = 0;
};

class UnitOfWork {
 public:
  struct Options {
    std::size_t cache_bytes = 64 * 1024 * 1024;
    // A snapshot is due when the events since the last one outweigh it, and this: then all snapshots together cost no
    // more than the events themselves, and a load reads at most about twice the state.
    std::size_t least_snapshot_bytes = 32 * 1024;
    Deduplication::Options deduplication;
    std::filesystem::path customer_keys;  // the folder of the keys' files; empty: customers' ids are not sealed
    // Reads the whole file before anything else: for a store that has turned out to be damaged, so that it does not take
    // commands until the next damaged page is met.
    bool check_first = false;
  };
  // Opens or makes DIRECTORY/shard-N.db. Throws StoreMismatch, or sqlite::Error.
  UnitOfWork(const std::filesystem::path& directory, ShardPlace place, const Options& options);
  ~UnitOfWork();

  Aggregates& aggregates() { return aggregates_; }
  Deduplication& results() { return results_; }
  HeldCommands& held() { return held_; }
  Schedule& schedule() { return schedule_; }
  CustomerKeys* customer_keys() { return customer_keys_ ? &*customer_keys_ : nullptr; }  // none: ids are not sealed
  outbox::Outbox& outbox() { return outbox_; }
  const LaneState& lane(Lane lane) const { return lanes_[lane]; }
  ShardPlace place() const { return place_; }
  const SnapshotCounts& snapshots() const { return snapshots_; }

  // The next event of a live stream. `number` counts the events of one command from 0.
  void append(LiveStream& stream, const Envelope& cause, std::uint64_t number, StoredForm event);

  void consumed(Lane lane, std::int64_t next_offset) { next_offsets_[lane] = next_offset; }
  // Outbox messages of this lane are numbered from there on, if they would be numbered lower.
  void number_from(Lane lane, std::int64_t sequence) {
    lanes_[lane].next_sequence = std::max(lanes_[lane].next_sequence, sequence);
  }
  // What the relay knows to be out; rows behind it are deleted with the next commit.
  void published(Lane lane, std::int64_t sequence) { published_[lane] = sequence; }

  // Whether the copy of a watermark could be brought up to date by a commit.
  bool has_news() const;

  // Gives what is now to be published. Nothing to do: nothing is written.
  std::vector<std::shared_ptr<const outbox::Chunk>> commit();
  void rollback();

  // For the relay's start: the chunks that hold messages from `sequence` on.
  std::vector<std::shared_ptr<const outbox::Chunk>> chunks_from(Lane lane, std::int64_t sequence);
  sqlite::Database& database() { return db_; }

 private:
  struct PendingEvent {
    std::int64_t position, stream, version, previous;
    std::string_view type;
    std::int64_t time_ms;
    std::string command_id;
    std::uint64_t number;
    std::optional<std::string> correlation_id;
    std::string data;
    std::optional<std::string> principal;
  };
  void open();
  void catch_up_on_keys();
  void settle_keys();
  void write_events();
  void write_streams();
  void write_snapshot(LiveStream& live);
  void write_outbox(std::vector<std::shared_ptr<const outbox::Chunk>>& chunks);
  void write_lanes();
  void begin();

  sqlite::Database db_;
  ShardPlace place_;
  std::size_t least_snapshot_bytes_;
  Aggregates aggregates_;
  struct Statements;
  std::unique_ptr<Statements> statements_;
  Deduplication results_;
  HeldCommands held_;
  Schedule schedule_;
  std::optional<CustomerKeys> customer_keys_;
  std::int64_t newest_ms_ = 0;  // of the causes of events since the start
  outbox::Outbox outbox_;
  std::array<LaneState, topics::lanes.size()> lanes_, committed_lanes_;
  std::array<std::int64_t, topics::lanes.size()> next_offsets_, published_;
  std::array<std::int64_t, topics::lanes.size()> next_streams_, committed_next_streams_;
  std::vector<PendingEvent> events_;
  std::vector<LiveStream*> touched_;
  SnapshotCounts snapshots_;
};

}  // namespace orderly::storage
