// One client's way through the ring: where it begins, what of it it wants, and whether it can still be served.
// Threads: one at a time; cut() needs no lock on the ring. Failures: none; a client that cannot go on from where it was
// is told so with a `reset` event.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "common/http/body_stream.h"
#include "read-service/live_stream_ring.h"

namespace orderly::read {

class StreamReader {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using Blocks = std::vector<std::shared_ptr<const EventBlock>>;

  // `last_event_id` empty: begins with what comes from now on. A client that has seen more than this replica holds is
  // waited for until `patience`.
  StreamReader(std::set<std::string> topics, std::string last_event_id, Moment patience)
      : topics_(std::move(topics)), last_event_id_(std::move(last_event_id)), patience_(patience) {}

  // False: it cannot be said yet where this reader begins.
  bool place(const EventRing& ring, Moment now);

  // Events were missed by the ring; the reader begins anew.
  void reset(std::string reason);

  // What it needs next has left the ring.
  bool is_behind(const EventRing& ring) const { return placed_ && next_ < ring.first(); }
  bool has_more(const EventRing& ring) const { return !placed_ || next_ < ring.end(); }

  // The next blocks, about as many bytes as one write should have.
  Blocks take(const EventRing& ring);

  // Those of their events that it wants and has not seen, as they are sent.
  std::vector<http::Piece> cut(const Blocks& blocks);

 private:
  std::string resume(const EventRing& ring, Moment now);
  void cut(const EventBlock& block, std::vector<http::Piece>& pieces);
  bool wants(const EventBlock::Event& event) const {
    return wanted_[event.partition] && (seen_.empty() || event.offset >= seen_[event.partition]);
  }
  // Whether `offsets` are nowhere behind `others`, as far as this reader cares.
  bool reaches(const Offsets& offsets, const Offsets& others) const;

  const std::set<std::string> topics_;
  const std::string last_event_id_;
  const Moment patience_;
  std::string reset_reason_;
  bool placed_ = false;
  std::uint64_t next_ = 0;
  std::vector<bool> wanted_;  // by partition
  Offsets seen_;              // what it had when it came; empty: nothing of what follows
  std::string greeting_;
};

}  // namespace orderly::read
