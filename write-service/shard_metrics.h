// What one shard tells Prometheus. Threads: any (counters are atomic); command() from the shard alone.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <string_view>

#include "common/clock/clock.h"
#include "common/kafka/message.h"
#include "common/metrics/store_metrics.h"
#include "outbox/outbox_relay.h"

namespace orderly {

class ShardMetrics {
 public:
  ShardMetrics(prometheus::Registry& registry, int shard);

  // A command's end: its status is a result's, or FORWARDED, HELD, REPEATED. An unknown type counts as "unknown".
  void command(std::string_view type, std::string_view status, std::string_view code);
  void taken(const kafka::MessageBatch& batch, Time now);
  void published(const outbox::RelayReport& report);

  prometheus::Gauge& ready;
  prometheus::Gauge& lag_messages;
  prometheus::Gauge& lag_seconds;
  prometheus::Gauge& last_command;
  prometheus::Gauge& outbox_messages;
  prometheus::Gauge& outbox_bytes;
  prometheus::Gauge& outbox_age_seconds;
  prometheus::Gauge& held_commands;
  prometheus::Gauge& parked_streams;
  prometheus::Gauge& cached_aggregates;
  prometheus::Gauge& cached_bytes;
  prometheus::Gauge& deduplication_bytes;
  prometheus::Counter& cache_hits;
  prometheus::Counter& cache_misses;
  prometheus::Counter& cache_evictions;
  prometheus::Counter& replayed_events;
  prometheus::Counter& snapshots;
  prometheus::Counter& snapshot_bytes;
  prometheus::Counter& restarts;
  prometheus::Histogram& intake_wait_seconds;
  prometheus::Histogram& batch_commands;
  prometheus::Histogram& decide_seconds;
  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& relay_wait_seconds;
  prometheus::Histogram& publish_seconds;
  prometheus::Histogram& publish_messages;
  metrics::StoreMetrics store;

 private:
  template <class Make>
  explicit ShardMetrics(const Make& of);

  std::string shard_;
  prometheus::Family<prometheus::Counter>& commands_;
  std::map<std::string, prometheus::Counter*, std::less<>> known_;
  std::string key_;
};

}  // namespace orderly
