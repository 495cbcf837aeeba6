// The live projector's figures: batches as they come, from the broker's answer to every view's commit. Observed once a
// batch. Threads: any. Failures: none.
#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace orderly::read {

struct FeedMetrics {
  explicit FeedMetrics(prometheus::Registry& registry);

  prometheus::Histogram& consume_wait_seconds;
  prometheus::Histogram& batch_events;
  prometheus::Histogram& decode_seconds;
  prometheus::Histogram& apply_seconds;
};

}  // namespace orderly::read
