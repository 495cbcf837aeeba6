#include "common/subscription/metrics.h"

namespace orderly::subscription {
namespace {

const prometheus::Histogram::BucketBoundaries seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                      0.25,  0.5,    1,     2.5,  5,     10,   30};

prometheus::Counter& records(prometheus::Registry& registry, const std::string& subscription, const char* outcome) {
  return prometheus::BuildCounter()
      .Name("orderly_subscription_records_total")
      .Help("Records of a subscription by what became of them: done, retried (once each time), given_up, expired")
      .Register(registry)
      .Add({{"subscription", subscription}, {"outcome", outcome}});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const std::string& subscription, const char* name,
                         const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({{"subscription", subscription}});
}

}  // namespace

Metrics::Metrics(prometheus::Registry& r, const std::string& name)
    : done(records(r, name, "done")),
      retried(records(r, name, "retried")),
      given_up(records(r, name, "given_up")),
      expired(records(r, name, "expired")),
      handle_seconds(prometheus::BuildHistogram()
                         .Name("orderly_subscription_handle_seconds")
                         .Help("One call of the handler")
                         .Register(r)
                         .Add({{"subscription", name}}, seconds)),
      breaker(gauge(r, name, "orderly_subscription_breaker", "The circuit breaker: 0 closed, 1 half-open, 2 open")),
      lag_messages(
          gauge(r, name, "orderly_subscription_lag_messages", "Records the broker holds that are not polled yet")),
      lag_seconds(gauge(r, name, "orderly_subscription_lag_seconds",
                        "How long the oldest record that is not handled has been waiting, at most")) {}

}  // namespace orderly::subscription
