// Live aggregates: loaded from their snapshot and the events after it, kept in an LRU cache bounded in bytes.
// Threads: the shard's. Failures: as EventLog and EventCodec throw. What a unit of work touched and then rolled back is
// dropped, so that memory never holds what the store does not.
#pragma once

#include <concepts>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/decider.h"
#include "storage/event_codec.h"
#include "storage/event_log.h"
#include "storage/line_store.h"

namespace orderly::storage {

// One live aggregate as the log sees it.
struct LiveStream {
  LiveStream() = default;
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;
  virtual ~LiveStream() = default;
  // Before a snapshot, in its transaction: lets out of memory what can be read again.
  virtual void archive(LineTables&) {}
  virtual std::string encode_snapshot() const = 0;
  virtual std::size_t approximate_bytes() const = 0;

  std::string name;  // category/aggregate id
  StreamHead head;
  bool is_new = false;                   // no row in streams yet
  bool touched = false;                  // by the open unit of work
  std::size_t bytes = 0;                 // as last counted
  std::size_t bytes_since_snapshot = 0;  // of stored events
  std::size_t snapshot_bytes = 0;        // of the last snapshot
};

template <domain::Decider Aggregate>
struct Live final : LiveStream {
  typename Aggregate::State state;
  static constexpr bool has_lines = std::same_as<Aggregate, domain::Product>;

  void attach_archive(LineTables& tables) {
    if constexpr (has_lines) {
      state.lines.attach(std::make_unique<LineStore>(tables, head.stream));
      // A snapshot of before there were archives may hold very many lines: the next one is not to wait until the events
      // outweigh it.
      if (state.lines.hot().size() >= domain::OpenLines::enough_to_archive) snapshot_bytes = 0;
    }
  }
  void archive(LineTables& tables) override {
    if constexpr (has_lines) {
      if (!state.lines.has_archive()) attach_archive(tables);
      state.lines.archive();
    }
  }
  std::string encode_snapshot() const override { return EventCodec<Aggregate>::encode_snapshot(state); }
  std::size_t approximate_bytes() const override { return Aggregate::approximate_bytes(state); }
};

struct CacheCounts {  // since the store was opened
  std::int64_t hits = 0, misses = 0, evictions = 0;
  std::int64_t replayed_events = 0;  // read to bring what was missing to life
};

class Aggregates {
 public:
  Aggregates(sqlite::Database& db, std::size_t max_bytes) : log_(db), lines_(db), max_bytes_(max_bytes) {}

  // Valid until the next trim() or drop().
  template <domain::Decider Aggregate>
  Live<Aggregate>& load(std::string_view id) {
    name_.assign(Aggregate::stream_category).append(1, '/').append(id);
    if (LiveStream* found = find(name_)) {
      ++counts_.hits;
      return static_cast<Live<Aggregate>&>(*found);
    }
    ++counts_.misses;
    auto live = std::make_unique<Live<Aggregate>>();
    live->name = name_;
    replay(*live, std::string{id});
    return static_cast<Live<Aggregate>&>(insert(std::move(live)));
  }

  LineTables& lines() { return lines_; }

  // After a commit: forgets the least recently used beyond the bound. `touched` were counted before and may have grown.
  void trim(const std::vector<LiveStream*>& touched);
  // After a rollback.
  void drop(const std::vector<LiveStream*>& touched);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }
  const CacheCounts& counts() const { return counts_; }

 private:
  using Entries = std::list<std::unique_ptr<LiveStream>>;

  template <domain::Decider Aggregate>
  void replay(Live<Aggregate>& live, const std::string& id) {
    const auto head = log_.head(live.name);
    live.is_new = !head;
    if (!head) return;
    live.head = *head;
    std::int64_t version = 0;
    if (const auto snapshot = log_.snapshot(head->stream)) {
      live.state = EventCodec<Aggregate>::decode_snapshot(snapshot->data);
      live.attach_archive(lines_);
      live.snapshot_bytes = snapshot->data.size();
      version = snapshot->version;
    }
    for (const auto& event : log_.after(*head, version)) {
      Aggregate::evolve(live.state, EventCodec<Aggregate>::decode(event.type, event.data, id));
      live.bytes_since_snapshot += event.data.size();
      ++counts_.replayed_events;
    }
  }

  LiveStream* find(const std::string& name);
  LiveStream& insert(std::unique_ptr<LiveStream> live);

  EventLog log_;
  LineTables lines_;  // before the entries, which use it
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  CacheCounts counts_;
  std::string name_;  // kept for its memory
  Entries entries_;   // most recently used first
  std::unordered_map<std::string_view, Entries::iterator> by_name_;
};

}  // namespace orderly::storage
