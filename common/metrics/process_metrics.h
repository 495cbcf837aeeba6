// The process itself, under the names that Prometheus' own libraries use (process_…), and what it was built from.
// Threads: any. Failures: what /proc does not say is 0.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace orderly::metrics {

// To be registered beside a registry: read when it is asked for.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace orderly::metrics
