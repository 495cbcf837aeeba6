// Whoever wants to know what the views hold as soon as they hold it: the live stream, the throughput's series.
// Threads: called on the projector's. Failures: must not throw; the projector would end.
#pragma once

#include "read-service/positions.h"
#include "read-service/published_event.h"

namespace orderly::read {

class ProjectionListener {
 public:
  virtual ~ProjectionListener() = default;

  // Events follow from these positions on, for every partition that there is. Some may have been given before, and
  // where a position is further than what was given, those between were applied by views catching up alone.
  virtual void reading_from(const Positions& positions) = 0;

  // Every view that is not out of order has committed the batch.
  virtual void applied(const EventBatch& batch) = 0;

  // After every look at the broker, which come at least ten times a second while it answers.
  virtual void lagging(std::int64_t messages) = 0;
};

}  // namespace orderly::read
