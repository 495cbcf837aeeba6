// The event topics from given positions on, decoded: what the live projector and every catch-up read from.
// Threads: one at a time. Failures: kafka::Error; after a transient one poll() goes on where it was.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "common/clock/clock.h"
#include "read-service/event_source.h"
#include "read-service/fill_progress.h"
#include "read-service/positions.h"
#include "read-service/published_event.h"

namespace orderly::read {

class EventFeed {
 public:
  // Asks the broker for the partitions of the topics, and where each ends at this moment; no further once `ending`.
  EventFeed(
      const OpenEventSource& open, const std::set<std::string>& topics, const Clock& clock,
      const std::function<bool()>& ending = [] { return false; });

  // Reads on from there, all partitions; those that are not named from their first record.
  void start_at(const Positions& positions);

  // What is ready; waits a moment for the first event.
  static constexpr std::chrono::milliseconds usual_wait{100};  // also how fast a stop or a hand-over is noticed
  EventBatch poll(std::chrono::milliseconds wait = usual_wait);

  // Behind the last event given.
  const Positions& positions() const { return positions_; }

  // Whether all that was there when the feed was opened has been given. Stays true.
  bool has_caught_up() const { return caught_up_; }

  // Over these topics, towards where they ended when the feed was opened.
  FillProgress progress(const std::vector<std::string>& topics) const;

  // Messages that the broker holds behind the last event given, as last heard.
  std::int64_t lag() const { return source_->records().lag(); }

 private:
  void note_progress();

  const Clock& clock_;
  std::unique_ptr<EventSource> source_;
  EventDecoder decoder_;
  Positions ends_, begun_, positions_;
  bool caught_up_ = false;
  std::chrono::steady_clock::time_point begun_at_;
};

}  // namespace orderly::read
