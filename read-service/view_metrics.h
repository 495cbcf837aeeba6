// One view's figures for /metrics.
// Threads: any. Failures: none.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <span>
#include <string>

#include "common/clock/clock.h"
#include "read-service/view_store.h"

namespace orderly::read {

class ViewMetrics {
 public:
  ViewMetrics(prometheus::Registry& registry, const std::string& view);

  void count(const Applied& applied);
  // From the command's record to its rows committed.
  void observe_visible(std::span<const Time> caused_at, Time committed);
  void set_lag(std::int64_t messages) { lag_.Set(static_cast<double>(messages)); }
  std::int64_t lag() const { return static_cast<std::int64_t>(lag_.Value()); }
  void set_failed(bool failed) { failed_.Set(failed ? 1 : 0); }

 private:
  const std::string view_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Histogram& visible_;
  prometheus::Gauge& lag_;
  prometheus::Gauge& last_event_;
  prometheus::Gauge& failed_;
  prometheus::Counter& repeated_;
  prometheus::Counter& gaps_;
};

}  // namespace orderly::read
