// What the live stream still holds: the last events that the views hold, in the order in which they took them, bounded
// in bytes. An event is copied as the broker gave it, and written as JSON once, when the first reader wants it, for
// all. Threads: an EventBlock any, once it is in the ring; the EventRing one at a time. Failures: none.
#pragma once

#include <prometheus/counter.h>

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "read-service/live_stream_position.h"
#include "read-service/published_event.h"

namespace orderly::read {

// A few events that follow each other.
class EventBlock {
 public:
  struct Event {
    std::size_t partition = 0;
    std::int64_t offset = 0;
  };
  // The events as server-sent events, one behind the other.
  struct Frames {
    std::shared_ptr<const std::string> text;
    std::vector<std::size_t> ends;  // of each event
    std::size_t begin(std::size_t event) const { return event == 0 ? 0 : ends[event - 1]; }
  };

  EventBlock(std::shared_ptr<const PartitionTable> table, Offsets start, prometheus::Counter& written);

  void add(std::size_t partition, const PublishedEvent& event);
  std::size_t size_bytes() const;

  const std::vector<Event>& events() const { return events_; }
  const Offsets& start() const { return start_; }
  const Offsets& end() const { return end_; }
  const Frames& frames() const;

 private:
  struct Text {
    std::size_t from = 0, size = 0;
  };
  struct Content {
    Text id, type, subject, correlation_id, causation_id, value;
    std::int64_t version = 0;
    std::optional<Time> time;
    const google::protobuf::Descriptor* descriptor = nullptr;  // null: a type that this program does not know
    bool is_event = true;
  };
  Text keep(std::string_view text);
  std::string_view text(const Text& kept) const { return std::string_view{bytes_}.substr(kept.from, kept.size); }
  static std::string_view name_of(const Content& content);
  std::string json(std::size_t event) const;
  void write_frames() const;

  const std::shared_ptr<const PartitionTable> table_;
  prometheus::Counter& written_;
  const Offsets start_;
  Offsets end_;
  std::string bytes_;
  std::vector<Event> events_;
  std::vector<Content> contents_;
  mutable std::once_flag once_;
  mutable Frames frames_;
};

class EventRing {
 public:
  EventRing(std::size_t most_bytes, prometheus::Counter& written) : most_bytes_(most_bytes), written_(written) {}

  // False: events between what is held and these positions are missing, or there are other partitions; what was held is
  // gone, and no reader can go on.
  bool begin(const Positions& positions);
  bool has_begun() const { return table_ != nullptr; }

  // Events that were given before are passed over.
  void append(const EventBatch& batch);

  // Blocks are numbered on and on, from the oldest held to behind the newest.
  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return first_ + blocks_.size(); }
  const std::shared_ptr<const EventBlock>& at(std::uint64_t number) const { return blocks_[number - first_]; }

  const PartitionTable& table() const { return *table_; }
  const Offsets& start_offsets() const { return blocks_.empty() ? end_ : blocks_.front()->start(); }
  const Offsets& end_offsets() const { return end_; }

 private:
  void push(std::shared_ptr<const EventBlock> block);

  const std::size_t most_bytes_;
  prometheus::Counter& written_;
  std::shared_ptr<const PartitionTable> table_;
  Offsets end_;
  std::deque<std::shared_ptr<const EventBlock>> blocks_;
  std::uint64_t first_ = 0;
  std::size_t size_bytes_ = 0;
};

}  // namespace orderly::read
