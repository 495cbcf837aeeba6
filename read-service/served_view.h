// One view as the HTTP side knows it: what it is, where to read, how it is doing, what is being filled for it.
// Threads: any. Failures: none; a view that has none of its own to give has no readers.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "read-service/fill_progress.h"
#include "read-service/rate_meter.h"
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
    if (phase == Phase::live) fill_.reset();
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

  // Of the view's own file, until it is live.
  std::optional<FillProgress> fill() const {
    const std::lock_guard lock{mutex_};
    return fill_;
  }
  void set_fill(FillProgress progress) {
    const std::lock_guard lock{mutex_};
    if (state_.phase != Phase::live) fill_ = std::move(progress);
  }

  // Of a file beside the one that is served, to take its place: one at a time.
  std::optional<FillProgress> replacement() const {
    const std::lock_guard lock{mutex_};
    return replacement_;
  }
  bool begin_replacement(int generation) {  // false: there is one already
    const std::lock_guard lock{mutex_};
    if (replacement_) return false;
    replacement_ = FillProgress{.generation = generation};
    return true;
  }
  void set_replacement(FillProgress progress) {
    const std::lock_guard lock{mutex_};
    if (replacement_) replacement_ = std::move(progress);
  }
  void end_replacement() {
    const std::lock_guard lock{mutex_};
    replacement_.reset();
  }

  // The file before the one that is served; nothing: there is none to go back to.
  std::optional<int> previous_generation() const {
    const std::lock_guard lock{mutex_};
    return previous_generation_;
  }
  void set_previous_generation(std::optional<int> generation) {
    const std::lock_guard lock{mutex_};
    previous_generation_ = generation;
  }

  void count_events(std::size_t count) {
    const std::lock_guard lock{mutex_};
    rate_.add(count, std::chrono::steady_clock::now());
  }
  double events_per_second() {
    const std::lock_guard lock{mutex_};
    return rate_.per_second(std::chrono::steady_clock::now());
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<ReaderPool> readers_;
  State state_;
  Positions positions_;
  std::optional<FillProgress> fill_, replacement_;
  std::optional<int> previous_generation_;
  RateMeter rate_;
};

}  // namespace orderly::read
