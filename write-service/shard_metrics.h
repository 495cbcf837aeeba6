// What one shard tells Prometheus. Threads: any (counters are atomic); command() from the shard alone.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <string_view>

namespace orderly {

class ShardMetrics {
 public:
  ShardMetrics(prometheus::Registry& registry, int shard);

  // A command's end: its status is a result's, or FORWARDED, HELD, REPEATED. An unknown type counts as "unknown".
  void command(std::string_view type, std::string_view status, std::string_view code);

  prometheus::Gauge& ready;
  prometheus::Gauge& lag_messages;
  prometheus::Gauge& last_command;
  prometheus::Gauge& outbox_messages;
  prometheus::Gauge& outbox_bytes;
  prometheus::Gauge& outbox_age_seconds;
  prometheus::Gauge& store_bytes;
  prometheus::Gauge& held_commands;
  prometheus::Gauge& parked_streams;
  prometheus::Gauge& cached_aggregates;
  prometheus::Gauge& cached_bytes;
  prometheus::Counter& restarts;
  prometheus::Histogram& batch_commands;
  prometheus::Histogram& decide_seconds;
  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& publish_seconds;
  prometheus::Histogram& publish_messages;

 private:
  std::string shard_;
  prometheus::Family<prometheus::Counter>& commands_;
  std::map<std::string, prometheus::Counter*, std::less<>> known_;
  std::string key_;
};

}  // namespace orderly
