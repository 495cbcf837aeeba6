// A span for each traced event, from its batch's arrival until every view has it. Views that are filled apart tell
// nothing: what they read happened long ago. Threads: called on the projector's. Failures: none.
#pragma once

#include "common/tracing/tracer.h"
#include "read-service/projection_listener.h"

namespace orderly::read {

class ProjectionTracing final : public ProjectionListener {
 public:
  explicit ProjectionTracing(const tracing::Tracer& tracer) : tracer_(tracer) {}

  void reading_from(const Positions&) override {}
  void applied(const EventBatch& batch) override;
  void lagging(std::int64_t) override {}

 private:
  const tracing::Tracer& tracer_;
};

}  // namespace orderly::read
