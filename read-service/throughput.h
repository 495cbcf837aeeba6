// What the service did in each of the last seconds: events by topic, and how far it was behind. For plots; bounded.
// Threads: any. Failures: none.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/clock/clock.h"
#include "common/http/server.h"
#include "read-service/projection_listener.h"

namespace orderly::read {

class Throughput final : public ProjectionListener {
 public:
  explicit Throughput(const Clock& clock, std::chrono::seconds kept = std::chrono::minutes{15})
      : clock_(clock), kept_(kept) {}

  void add_route(http::Server& server);  // GET /admin/throughput

  void reading_from(const Positions& positions) override;
  void applied(const EventBatch& batch) override;
  void lagging(std::int64_t messages) override;

  // Parallel lists, as plots want them: one entry for each whole second that is over, the oldest first. A second in
  // which the broker was not heard of has null for its lag.
  std::string json() const;

 private:
  struct Second {
    std::int64_t at = 0;  // unix time
    std::map<std::string, std::int64_t, std::less<>> events;
    std::optional<std::int64_t> lag_messages, lag_ms;
  };
  Second& current(Time now);
  std::vector<Second> whole_seconds() const;
  std::set<std::string> topics() const {
    const std::lock_guard lock{mutex_};
    return topics_;
  }

  const Clock& clock_;
  const std::chrono::seconds kept_;
  mutable std::mutex mutex_;
  std::deque<Second> seconds_;  // those in which something was told
  std::set<std::string> topics_;
  std::optional<Time> newest_event_;  // when what was applied last had happened
};

}  // namespace orderly::read
