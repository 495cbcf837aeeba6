// One view as the HTTP side knows it: what it is, where to read, and how it is doing.
// Threads: any. Failures: none; a view that has none of its own to give has no readers.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "read-service/readers.h"
#include "read-service/view.h"
#include "read-service/view_metrics.h"

namespace orderly::read {

class ServedView {
 public:
  enum class Phase { starting, catching_up, live, failed };
  struct State {
    Phase phase = Phase::starting;
    std::string reason;  // why not live
  };

  ServedView(ViewDefinition view_definition, prometheus::Registry& registry)
      : definition(std::move(view_definition)), metrics(registry, definition.name) {}

  const ViewDefinition definition;
  ViewMetrics metrics;

  // Null until the view has been complete once: a 404 from half a view would be a lie.
  std::shared_ptr<ReaderPool> readers() const {
    const std::lock_guard lock{mutex_};
    return readers_;
  }
  void serve(const std::filesystem::path& file) {
    const std::lock_guard lock{mutex_};
    readers_ = std::make_shared<ReaderPool>(file);
  }

  State state() const {
    const std::lock_guard lock{mutex_};
    return state_;
  }
  void set_state(Phase phase, std::string reason = {}) {
    const std::lock_guard lock{mutex_};
    state_ = {phase, std::move(reason)};
    metrics.set_failed(phase == Phase::failed);
  }

  // How far it is, by whoever fills it now.
  Positions positions() const {
    const std::lock_guard lock{mutex_};
    return positions_;
  }
  void set_positions(const Positions& positions) {
    const std::lock_guard lock{mutex_};
    positions_ = positions;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<ReaderPool> readers_;
  State state_;
  Positions positions_;
};

}  // namespace orderly::read
