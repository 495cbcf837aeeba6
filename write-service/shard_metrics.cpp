#include "shard_metrics.h"

#include <algorithm>

namespace orderly {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
const Buckets counts{1, 10, 50, 100, 250, 500, 1'000, 2'000, 5'000, 10'000, 20'000};

// Makes one shard's metrics of their families.
struct Maker {
  prometheus::Registry& registry;
  const prometheus::Labels labels;

  prometheus::Gauge& gauge(const char* name, const char* help) const {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
  }
  prometheus::Counter& counter(const char* name, const char* help) const {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
  }
  prometheus::Histogram& histogram(const char* name, const char* help, const Buckets& buckets) const {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(labels, buckets);
  }
};

double in_seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

ShardMetrics::ShardMetrics(prometheus::Registry& registry, int number)
    : ShardMetrics(Maker{registry, {{"shard", std::to_string(number)}}}) {}

template <class Make>
ShardMetrics::ShardMetrics(const Make& of)
    : ready(of.gauge("orderly_shard_ready", "1 when the shard takes commands")),
      lag_messages(of.gauge("orderly_shard_lag_messages", "Commands waiting in the shard's partitions")),
      lag_seconds(of.gauge("orderly_shard_lag_seconds", "How long the oldest of them has been waiting, at most")),
      last_command(of.gauge("orderly_shard_last_command_timestamp_seconds", "Unix time of the last record taken")),
      outbox_messages(of.gauge("orderly_outbox_messages", "Committed messages not yet published")),
      outbox_bytes(of.gauge("orderly_outbox_bytes", "Their size")),
      outbox_age_seconds(
          of.gauge("orderly_outbox_age_seconds", "How long the oldest of them has been waiting, to half a second")),
      held_commands(of.gauge("orderly_held_commands",
                             "Commands waiting behind the claim of a batch reference, or behind a parked command")),
      parked_streams(of.gauge("orderly_parked_streams", "Aggregates whose commands wait for an operator's word")),
      cached_aggregates(of.gauge("orderly_cached_aggregates", "Live aggregates in memory")),
      cached_bytes(of.gauge("orderly_cached_bytes", "Their size, about")),
      deduplication_bytes(of.gauge("orderly_deduplication_bytes", "Memory for the ids of a week's commands, about")),
      cache_hits(of.counter("orderly_cache_hits_total", "Aggregates that were in memory when a command came for them")),
      cache_misses(of.counter("orderly_cache_misses_total", "Aggregates that were not, new ones included")),
      cache_evictions(of.counter("orderly_cache_evictions_total", "Aggregates that left memory to make room")),
      replayed_events(of.counter("orderly_replayed_events_total", "Events read to bring aggregates into memory")),
      snapshots(of.counter("orderly_snapshots_total", "Snapshots written")),
      snapshot_bytes(of.counter("orderly_snapshot_bytes_total", "Their size")),
      restarts(of.counter("orderly_shard_restarts_total", "Times the shard started again after an error")),
      intake_wait_seconds(of.histogram("orderly_intake_wait_seconds",
                                       "From a batch's first record, by its timestamp, to its commands decided",
                                       seconds)),
      batch_commands(of.histogram("orderly_batch_commands", "Records of one commit", counts)),
      decide_seconds(of.histogram("orderly_decide_seconds", "Decoding and deciding one batch in memory", seconds)),
      commit_seconds(of.histogram("orderly_commit_seconds", "Its SQLite transaction", seconds)),
      relay_wait_seconds(of.histogram("orderly_relay_wait_seconds",
                                      "From a commit to the Kafka transaction that takes it along begins", seconds)),
      publish_seconds(of.histogram("orderly_publish_seconds", "One Kafka transaction", seconds)),
      publish_messages(of.histogram("orderly_publish_messages", "Its messages", counts)),
      store(of.registry, "orderly_store", of.labels),
      shard_(of.labels.at("shard")),
      commands_(prometheus::BuildCounter()
                    .Name("orderly_commands_total")
                    .Help("Commands by what became of them")
                    .Register(of.registry)) {}

void ShardMetrics::command(std::string_view type, std::string_view status, std::string_view code) {
  // Senders choose the type's text: only those that exist may become label values.
  if (code == "UNKNOWN_TYPE" || code == "INVALID_HEADER" || code == "MISSING_TYPE") type = "unknown";
  key_.assign(type).append(1, ' ').append(status).append(1, ' ').append(code);
  auto found = known_.find(key_);
  if (found == known_.end()) {
    auto& counter = commands_.Add(
        {{"shard", shard_}, {"type", std::string{type}}, {"status", std::string{status}}, {"code", std::string{code}}});
    found = known_.emplace(key_, &counter).first;
  }
  found->second->Increment();
}

void ShardMetrics::taken(const kafka::MessageBatch& batch, Time now) {
  const auto first_ms = batch.messages.front().timestamp_ms;
  intake_wait_seconds.Observe(std::max(0.0, static_cast<double>(to_unix_ms(now) - first_ms) / 1e3));
  last_command.Set(static_cast<double>(batch.messages.back().timestamp_ms) / 1e3);
}

void ShardMetrics::published(const outbox::RelayReport& report) {
  relay_wait_seconds.Observe(in_seconds(report.waited));
  publish_seconds.Observe(in_seconds(report.took));
  publish_messages.Observe(static_cast<double>(report.messages.size()));
}

}  // namespace orderly
