#include "read-service/view_metrics.h"

#include <algorithm>

namespace orderly::read {
namespace {

const prometheus::Histogram::BucketBoundaries buckets_seconds{
    0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075,
    0.1,    0.15,  0.2,   0.3,   0.4,   0.5,   0.75,   1,    2,      3,     5,    10,    20,   30,   60};

auto& counter(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
auto& gauge(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

ViewMetrics::ViewMetrics(prometheus::Registry& registry, const std::string& view)
    : view_(view),
      events_(counter(registry, "orderly_view_events_total", "Events applied, by view and type")),
      visible_(prometheus::BuildHistogram()
                   .Name("orderly_command_to_visible_seconds")
                   .Help("From a command's record to its effect committed in the view, once that is live")
                   .Register(registry)
                   .Add({{"view", view}}, buckets_seconds)),
      lag_(gauge(registry, "orderly_view_lag_messages", "Messages that the view has still to read")
               .Add({{"view", view}})),
      last_event_(
          gauge(registry, "orderly_view_last_event_timestamp_seconds",
                "Unix time of the command behind the last event applied; with the lag in messages, that in seconds")
              .Add({{"view", view}})),
      failed_(gauge(registry, "orderly_view_failed", "1: the view is out of order, /readyz says why")
                  .Add({{"view", view}})),
      repeated_(counter(registry, "orderly_view_repeated_events_total", "Events whose version the view had already")
                    .Add({{"view", view}})),
      gaps_(counter(registry, "orderly_view_version_gaps_total", "Events that came with an earlier version missing")
                .Add({{"view", view}})) {}

void ViewMetrics::count(const Applied& applied) {
  for (const auto& [type, count] : applied.events_by_type) {
    events_.Add({{"view", view_}, {"type", type}}).Increment(static_cast<double>(count));
  }
  if (!applied.caused_at.empty())
    last_event_.Set(std::chrono::duration<double>(applied.caused_at.back().time_since_epoch()).count());
  if (applied.repeated > 0) repeated_.Increment(static_cast<double>(applied.repeated));
  if (applied.gaps > 0) gaps_.Increment(static_cast<double>(applied.gaps));
}

// Sorted into buckets here and added at once: the histogram locks for every observation.
void ViewMetrics::observe_visible(std::span<const Time> caused_at, Time committed) {
  if (caused_at.empty()) return;
  std::vector<double> counts(buckets_seconds.size() + 1);
  double sum_seconds = 0;
  for (const auto time : caused_at) {
    const double seconds = std::max(0.0, std::chrono::duration<double>(committed - time).count());
    const auto bucket = std::ranges::lower_bound(buckets_seconds, seconds) - buckets_seconds.begin();
    counts[static_cast<std::size_t>(bucket)] += 1;
    sum_seconds += seconds;
  }
  visible_.ObserveMultiple(counts, sum_seconds);
}

}  // namespace orderly::read
