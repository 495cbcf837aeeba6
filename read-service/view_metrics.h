// One view's figures for /metrics.
// Threads: any. Failures: none.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <mutex>
#include <span>
#include <string>

#include "common/clock/clock.h"
#include "common/kafka/lag_seconds.h"
#include "common/metrics/store_metrics.h"
#include "read-service/view_store.h"

namespace orderly::read {

class ViewMetrics {
 public:
  ViewMetrics(prometheus::Registry& registry, const std::string& view);

  void count(const Applied& applied);
  // From the command's record to its rows committed.
  void observe_visible(std::span<const Time> caused_at, Time committed);
  void set_lag(std::int64_t messages, Time now);
  void set_store(const sqlite::Figures& figures);  // of the file that the live projector writes
  std::int64_t lag() const { return static_cast<std::int64_t>(lag_.Value()); }
  void set_failed(bool failed) { failed_.Set(failed ? 1 : 0); }

 private:
  const std::string view_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Histogram& visible_;
  prometheus::Histogram& apply_seconds_;
  prometheus::Histogram& commit_seconds_;
  prometheus::Gauge& lag_;
  prometheus::Gauge& lag_seconds_;
  prometheus::Gauge& last_event_;
  prometheus::Gauge& failed_;
  prometheus::Counter& repeated_;
  prometheus::Counter& gaps_;
  std::mutex mutex_;  // of what follows: a view may be filled by one thread while another looks at it
  kafka::LagSeconds lag_time_;
  metrics::StoreMetrics store_;
};

}  // namespace orderly::read
