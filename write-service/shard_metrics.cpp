#include "shard_metrics.h"

namespace orderly {
namespace {

const prometheus::Histogram::BucketBoundaries seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
const prometheus::Histogram::BucketBoundaries counts{1, 10, 50, 100, 250, 500, 1'000, 2'000, 5'000, 10'000, 20'000};

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help, const std::string& shard) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({{"shard", shard}});
}

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 const std::string& shard, const prometheus::Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({{"shard", shard}}, buckets);
}

}  // namespace

ShardMetrics::ShardMetrics(prometheus::Registry& r, int number)
    : ready(gauge(r, "orderly_shard_ready", "1 when the shard takes commands", std::to_string(number))),
      lag_messages(
          gauge(r, "orderly_shard_lag_messages", "commands waiting in the shard's partitions", std::to_string(number))),
      last_command(gauge(r, "orderly_shard_last_command_timestamp_seconds",
                         "unix time of the last record taken; with the lag in messages, that in seconds",
                         std::to_string(number))),
      outbox_messages(
          gauge(r, "orderly_outbox_messages", "committed messages not yet published", std::to_string(number))),
      outbox_bytes(gauge(r, "orderly_outbox_bytes", "their size", std::to_string(number))),
      outbox_age_seconds(gauge(r, "orderly_outbox_age_seconds",
                               "how long the oldest of them has been waiting, to half a second",
                               std::to_string(number))),
      store_bytes(gauge(r, "orderly_store_bytes", "the shard's store, without its write-ahead log (up to 64 MiB)",
                        std::to_string(number))),
      held_commands(gauge(r, "orderly_held_commands",
                          "commands waiting behind the claim of a batch reference, or behind a parked command",
                          std::to_string(number))),
      parked_streams(gauge(r, "orderly_parked_streams", "aggregates whose commands wait for an operator's word",
                           std::to_string(number))),
      cached_aggregates(gauge(r, "orderly_cached_aggregates", "live aggregates in memory", std::to_string(number))),
      cached_bytes(gauge(r, "orderly_cached_bytes", "their size, about", std::to_string(number))),
      restarts(prometheus::BuildCounter()
                   .Name("orderly_shard_restarts_total")
                   .Help("times the shard started again after an error")
                   .Register(r)
                   .Add({{"shard", std::to_string(number)}})),
      batch_commands(histogram(r, "orderly_batch_commands", "records of one commit", std::to_string(number), counts)),
      decide_seconds(
          histogram(r, "orderly_decide_seconds", "handling one batch in memory", std::to_string(number), seconds)),
      commit_seconds(histogram(r, "orderly_commit_seconds", "its SQLite transaction", std::to_string(number), seconds)),
      publish_seconds(
          histogram(r, "orderly_publish_seconds", "one Kafka transaction", std::to_string(number), seconds)),
      publish_messages(histogram(r, "orderly_publish_messages", "its messages", std::to_string(number), counts)),
      shard_(std::to_string(number)),
      commands_(prometheus::BuildCounter()
                    .Name("orderly_commands_total")
                    .Help("commands by what became of them")
                    .Register(r)) {}

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

}  // namespace orderly
