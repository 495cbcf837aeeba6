// What one subscription tells Prometheus. Threads: any.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace orderly::subscription {

struct Metrics {
  Metrics(prometheus::Registry& registry, const std::string& subscription);

  prometheus::Counter& done;
  prometheus::Counter& retried;
  prometheus::Counter& given_up;  // and dead-lettered
  prometheus::Counter& expired;
  prometheus::Histogram& handle_seconds;
  prometheus::Gauge& breaker;
  prometheus::Gauge& lag_messages;
  prometheus::Gauge& lag_seconds;
};

}  // namespace orderly::subscription
