#include "read-service/view_metrics.h"

#include <algorithm>

namespace orderly::read {
namespace {

const prometheus::Histogram::BucketBoundaries buckets_seconds{
    0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075,
    0.1,    0.15,  0.2,   0.3,   0.4,   0.5,   0.75,   1,    2,      3,     5,    10,    20,   30,   60};

const prometheus::Histogram::BucketBoundaries stage_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                            0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};

auto& histogram(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}
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
      apply_seconds_(histogram(registry, "orderly_view_apply_seconds", "Applying one batch to the view's rows")
                         .Add({{"view", view}}, stage_seconds)),
      commit_seconds_(histogram(registry, "orderly_view_commit_seconds", "Committing them with the checkpoint")
                          .Add({{"view", view}}, stage_seconds)),
      lag_(gauge(registry, "orderly_view_lag_messages", "Messages that the view has still to read")
               .Add({{"view", view}})),
      lag_seconds_(gauge(registry, "orderly_view_lag_seconds", "How long the oldest of them has been waiting, at most")
                       .Add({{"view", view}})),
      last_event_(gauge(registry, "orderly_view_last_event_timestamp_seconds",
                        "Unix time of the command behind the last event applied")
                      .Add({{"view", view}})),
      failed_(gauge(registry, "orderly_view_failed", "1: the view is out of order, /readyz says why")
                  .Add({{"view", view}})),
      repeated_(counter(registry, "orderly_view_repeated_events_total", "Events whose version the view had already")
                    .Add({{"view", view}})),
      gaps_(counter(registry, "orderly_view_version_gaps_total", "Events that came with an earlier version missing")
                .Add({{"view", view}})),
      store_(registry, "orderly_view_store", {{"view", view}}) {}

void ViewMetrics::set_lag(std::int64_t messages, Time now) {
  const std::lock_guard lock{mutex_};
  const auto last_event_ms = static_cast<std::int64_t>(last_event_.Value() * 1e3);
  lag_.Set(static_cast<double>(messages));
  lag_seconds_.Set(lag_time_.after(messages, from_unix_ms(last_event_ms), now));
}

void ViewMetrics::set_store(const sqlite::Figures& figures) {
  const std::lock_guard lock{mutex_};
  store_.update(figures);
}

void ViewMetrics::count(const Applied& applied) {
  for (const auto& [type, count] : applied.events_by_type) {
    events_.Add({{"view", view_}, {"type", type}}).Increment(static_cast<double>(count));
  }
  if (!applied.caused_at.empty())
    last_event_.Set(std::chrono::duration<double>(applied.caused_at.back().time_since_epoch()).count());
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  if (applied.applying) apply_seconds_.Observe(seconds(*applied.applying));
  if (applied.committing) commit_seconds_.Observe(seconds(*applied.committing));
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
