#include "read-service/feed_metrics.h"

namespace orderly::read {
namespace {

const prometheus::Histogram::BucketBoundaries seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
const prometheus::Histogram::BucketBoundaries counts{1, 10, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000};

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 const prometheus::Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

}  // namespace

FeedMetrics::FeedMetrics(prometheus::Registry& r)
    : consume_wait_seconds(histogram(r, "orderly_consume_wait_seconds",
                                     "From a batch's first record, by its timestamp, to its arrival", seconds)),
      batch_events(histogram(r, "orderly_projector_batch_events", "Records of one batch", counts)),
      decode_seconds(
          histogram(r, "orderly_projector_decode_seconds", "Decoding one batch, once for all views", seconds)),
      apply_seconds(histogram(r, "orderly_projector_apply_seconds",
                              "Applying one batch to every view, commits included", seconds)) {}

}  // namespace orderly::read
