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
      phase_(task_.beside ? Phase::starting : task_.view->state().phase) {
  if (surroundings_.own_thread) thread_ = std::thread{[this] { run(); }};
}

CatchUp::~CatchUp() {
  ask_to_stop();
  if (thread_.joinable()) thread_.join();
}

void CatchUp::ask_to_stop() {
  const std::lock_guard lock{mutex_};
  stopping_ = true;
  changed_.notify_all();
}

bool CatchUp::is_stopping() const {
  if (surroundings_.ending()) return true;
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
  if (task_.pause_first) pause(surroundings_.back_off.wait_after(++failures_, random_));
  while (!finished_ && !is_stopping()) pause(step());
}

void CatchUp::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, time, [&] { return stopping_; });
}

std::chrono::milliseconds CatchUp::step() {
  try {
    if (!feed_) begin();
    advance();
    return {};
  } catch (const kafka::Error& error) {
    // The view is not to blame; if it has failed before, that stays its state.
    if (phase_ != Phase::failed) report(Phase::catching_up, error.what());
  } catch (const std::exception& error) {
    report(Phase::failed, error.what());
  }
  feed_.reset();
  filling_.reset();
  return surroundings_.back_off.wait_after(++failures_, random_);
}

void CatchUp::begin() {
  filling_ = task_.open_store();
  const auto& topics = task_.view->definition.topics;
  auto feed = std::make_unique<EventFeed>(surroundings_.open, std::set<std::string>{topics.begin(), topics.end()},
                                          surroundings_.clock, [this] { return is_stopping(); });
  feed->start_at(filling_->positions());
  feed_ = std::move(feed);
}

void CatchUp::advance() {
  {  // the batch goes before its feed does
    const auto batch = feed_->poll(surroundings_.own_thread ? EventFeed::usual_wait : std::chrono::milliseconds{0});
    if (!batch.events.empty()) apply(batch, *filling_);
  }
  if (!task_.beside) task_.view->metrics.set_lag(feed_->lag(), surroundings_.clock.now());
  note(feed_->progress(task_.view->definition.topics), filling_->file());
  if (!feed_->has_caught_up()) return;
  feed_.reset();
  finished_ = true;
  {
    const std::lock_guard lock{mutex_};
    store_ = std::move(filling_);
  }
  surroundings_.done();
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
