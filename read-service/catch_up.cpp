#include "read-service/catch_up.h"

#include "read-service/generations.h"

namespace orderly::read {
namespace {

using Phase = ServedView::Phase;

constexpr const char* going_on = "catching up";

}  // namespace

CatchUp::CatchUp(Task task, Surroundings surroundings)
    : task_(std::move(task)),
      surroundings_(std::move(surroundings)),
      phase_(task_.beside ? Phase::starting : task_.view->state().phase),
      thread_([this] { run(); }) {}

CatchUp::~CatchUp() {
  ask_to_stop();
  thread_.join();
}

void CatchUp::ask_to_stop() {
  const std::lock_guard lock{mutex_};
  stopping_ = true;
  changed_.notify_all();
}

bool CatchUp::is_stopping() const {
  const std::lock_guard lock{mutex_};
  return stopping_;
}

bool CatchUp::is_done() const {
  const std::lock_guard lock{mutex_};
  return store_ != nullptr;
}

std::unique_ptr<ViewStore> CatchUp::take_store() {
  const std::lock_guard lock{mutex_};
  return std::move(store_);
}

void CatchUp::run() {
  for (int failures = task_.pause_first ? 1 : 0;; ++failures) {
    if (failures > 0) pause(failures);
    if (is_stopping()) return;
    try {
      if (!try_once()) return;
      return surroundings_.done();
    } catch (const kafka::Error& error) {
      // The view is not to blame; if it has failed before, that stays its state.
      if (phase_ != Phase::failed) report(Phase::catching_up, error.what());
    } catch (const std::exception& error) {
      report(Phase::failed, error.what());
    }
  }
}

void CatchUp::pause(int failures) {
  const auto time = surroundings_.back_off.wait_after(failures, random_);
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, time, [&] { return stopping_; });
}

// True: caught up, and the store is there to be taken. False: asked to stop.
bool CatchUp::try_once() {
  auto store = task_.open_store();
  EventFeed feed{surroundings_.open, {task_.view->definition.topics.begin(), task_.view->definition.topics.end()}};
  feed.start_at(store->positions());
  while (!is_stopping()) {
    const auto batch = feed.poll();
    if (!batch.events.empty()) apply(batch, *store);
    if (!task_.beside) task_.view->metrics.set_lag(feed.lag(), surroundings_.clock.now());
    note(feed.progress(task_.view->definition.topics), store->file());
    if (!feed.has_caught_up()) continue;
    const std::lock_guard lock{mutex_};
    store_ = std::move(store);
    return true;
  }
  return false;
}

void CatchUp::note(FillProgress progress, const std::filesystem::path& file) {
  progress.generation = generation_of(file, task_.view->definition.name).value_or(0);
  task_.beside ? task_.view->set_replacement(std::move(progress)) : task_.view->set_fill(std::move(progress));
}

void CatchUp::apply(const EventBatch& batch, ViewStore& store) {
  apply(batch.events, store);
  if (phase_ != Phase::catching_up) report(Phase::catching_up, going_on);
}

// Where some event fails, by halves up to that one: the view is as far as it can be, and the reason names the event.
void CatchUp::apply(std::span<const PublishedEvent> events, ViewStore& store) {
  Applied applied;
  try {
    applied = store.apply(events);
  } catch (const std::exception&) {
    if (events.size() == 1) throw;
    apply(events.first(events.size() / 2), store);
    return apply(events.subspan(events.size() / 2), store);
  }
  task_.view->metrics.count(applied);
  if (task_.beside) return;
  task_.view->count_events(applied.caused_at.size());
  task_.view->set_positions(store.positions());
  surroundings_.waiters.committed(task_.view->definition.name, applied.changes);
}

void CatchUp::report(Phase phase, const std::string& reason) {
  phase_ = phase;
  const auto log = surroundings_.log.with("view", task_.view->definition.name);
  if (phase == Phase::failed) {
    log.error("a view fails", {{"reason", reason}});
  } else {
    log.info("a view catches up", {{"state", reason}});
  }
  if (!task_.beside) return task_.view->set_state(phase, reason);
  auto progress = task_.view->replacement().value_or(FillProgress{});
  progress.reason = reason == going_on ? "" : reason;
  task_.view->set_replacement(std::move(progress));
}

}  // namespace orderly::read
