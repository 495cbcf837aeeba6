#include "read-service/projector.h"

#include <algorithm>

#include "read-service/generations.h"

namespace orderly::read {
namespace {

using Phase = ServedView::Phase;

constexpr auto measure_every = std::chrono::milliseconds{500};
constexpr std::size_t most_unknown_types = 100;  // told apart in the log and the metric

}  // namespace

Projector::Projector(std::vector<std::shared_ptr<ServedView>> views, OpenEventSource open, Waiters& waiters,
                     const Clock& clock, prometheus::Registry& registry, ProjectorOptions options,
                     const log::Logger& log)
    : views_(std::move(views)),
      open_(std::move(open)),
      waiters_(waiters),
      clock_(clock),
      unknown_(prometheus::BuildCounter()
                   .Name("orderly_view_unknown_events_total")
                   .Help("Events passed over because this program does not know their type")
                   .Register(registry)),
      feed_metrics_(registry),
      options_(std::move(options)),
      log_(log.module("projector")) {}

Projector::~Projector() { stop(); }

void Projector::start() {
  std::filesystem::create_directories(options_.folder);
  stopped_ = false;
  for (const auto& view : views_) open_view(view);
  send_far_behind_to_catch_up();
  if (options_.own_threads) thread_ = std::thread{[this] { run(); }};
}

void Projector::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& one : catch_ups_) one->ask_to_stop();
  catch_ups_.clear();
  live_.clear();
  feed_.reset();
}

bool Projector::is_stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

void Projector::run() {
  while (!is_stopped()) {
    const auto pause = turn();
    std::unique_lock lock{mutex_};
    if (live_.empty()) {
      changed_.wait(lock, [&] { return stopped_ || attention_; });
    } else {
      changed_.wait_for(lock, pause, [&] { return stopped_; });
    }
  }
}

std::chrono::milliseconds Projector::turn() {
  try {
    attend();
    if (!live_.empty()) {
      connect();
      step();
    }
    if (live_.empty()) feed_.reset();
    return {};
  } catch (const kafka::Error& error) {
    note_source(error.what());
    if (error.kind() == kafka::Error::Kind::offset_expired)
      note_source(std::string{error.what()} + ": rebuild the views");
    if (error.kind() != kafka::Error::Kind::transient) feed_.reset();
    return options_.back_off.first;
  }
}

void Projector::connect() {
  if (feed_) return;
  std::set<std::string> topics;
  for (const auto& view : views_) topics.insert(view->definition.topics.begin(), view->definition.topics.end());
  auto feed = std::make_unique<EventFeed>(open_, topics, clock_, [this] { return is_stopped(); });
  feed->start_at(earliest());
  feed_ = std::move(feed);
  for (auto* listener : options_.listeners) listener->reading_from(feed_->positions());
  for (const auto& live : live_) {
    if (live.view->state().phase == Phase::starting) live.view->set_state(Phase::catching_up, "catching up");
  }
}

void Projector::step() {
  const auto batch = feed_->poll(options_.own_threads ? EventFeed::usual_wait : std::chrono::milliseconds{0});
  note_source("");
  if (!batch.events.empty()) apply(batch);
  if (feed_->has_caught_up()) {
    std::erase_if(live_, [&](Live& live) { return live.view->state().phase != Phase::live && !promote(live); });
  }
  update_progress();
  for (auto* listener : options_.listeners) listener->lagging(feed_->lag());
}

void Projector::note_source(const std::string& reason) {
  const std::lock_guard lock{mutex_};
  if (reason == source_reason_) return;
  if (reason.empty()) {
    log_.info("events flow");
  } else {
    log_.warn("events do not flow", {{"reason", reason}});
  }
  source_reason_ = reason;
}

// False: the view has failed, and is on its own from here on.
bool Projector::promote(Live& live) {
  auto& view = *live.view;
  try {
    const auto readers = view.readers();
    if (!readers || readers->file() != live.store->file()) {
      const auto found = find_generations(options_.folder, view.definition);
      live.store->mark_complete(found.rank + 1);
      view.serve(live.store->file());
      view.set_previous_generation(found.complete ? generation_of(*found.complete, view.definition.name)
                                                  : std::nullopt);
    }
  } catch (const std::exception& error) {
    fail(live, error.what());
    return false;
  }
  view.set_state(Phase::live);
  waiters_.replaced(view.definition.name);
  log_.info("a view is live", {{"view", view.definition.name}, {"file", live.store->file().string()}});
  return true;
}

void Projector::apply(const EventBatch& batch) {
  count_unknown(batch);
  const auto started = std::chrono::steady_clock::now();
  std::erase_if(live_, [&](Live& live) { return !apply_to(live, batch); });
  observe(batch, started);
  for (auto* listener : options_.listeners) listener->applied(batch);
}

void Projector::observe(const EventBatch& batch, std::chrono::steady_clock::time_point started) {
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  const auto published = from_unix_ms(batch.records.messages.front().timestamp_ms);
  feed_metrics_.consume_wait_seconds.Observe(std::max(0.0, seconds(batch.polled - published)));
  feed_metrics_.batch_events.Observe(static_cast<double>(batch.events.size()));
  feed_metrics_.decode_seconds.Observe(seconds(batch.decoding));
  feed_metrics_.apply_seconds.Observe(seconds(std::chrono::steady_clock::now() - started));
}

// False: the view has failed, and is on its own from here on.
bool Projector::apply_to(Live& live, const EventBatch& batch) {
  auto& view = *live.view;
  try {
    const auto applied = live.store->apply(batch.events);
    view.set_positions(live.store->positions());
    waiters_.committed(view.definition.name, applied.changes);
    view.metrics.count(applied);
    view.count_events(applied.caused_at.size());
    if (view.state().phase == Phase::live) view.metrics.observe_visible(applied.caused_at, clock_.now());
    if (applied.gaps > 0)
      log_.warn("stream versions are missing", {{"view", view.definition.name}, {"gaps", applied.gaps}});
    return true;
  } catch (const std::exception& error) {
    fail(live, error.what());
    return false;
  }
}

void Projector::fail(Live& live, const std::string& reason) {
  live.view->set_state(Phase::failed, reason);
  log_.error("a view fails", {{"view", live.view->definition.name}, {"reason", reason}});
  const auto file = live.store->file();
  live.store.reset();
  retry(live.view, file);
}

void Projector::count_unknown(const EventBatch& batch) {
  for (const auto& event : batch.events) {
    if (event.message != nullptr || !event.flaw.empty() || !event.is_event) continue;
    const bool known_so_far = unknown_types_.contains(event.type);
    const bool room = unknown_types_.size() < most_unknown_types;
    if (!known_so_far && room) {
      unknown_types_.emplace(event.type);
      log_.warn("events of an unknown type are passed over", {{"type", event.type}, {"topic", event.topic}});
    }
    unknown_.Add({{"type", known_so_far || room ? std::string{event.type} : "other"}}).Increment();
  }
}

void Projector::update_progress() {
  const auto lag = feed_->lag();
  for (const auto& view : views_) {
    const auto phase = view->state().phase;
    const auto wants = [&](const std::string& topic) { return view->definition.wants(topic); };
    if (phase == Phase::live) view->metrics.set_lag(lag, clock_.now());
    if (phase == Phase::failed) {
      view->metrics.set_lag(lag + gap(view->positions(), feed_->positions(), wants), clock_.now());
    }
  }
  const auto now = std::chrono::steady_clock::now();
  const bool measures = now >= next_measure_;
  if (measures) next_measure_ = now + measure_every;
  for (const auto& live : live_) {
    if (measures) live.view->metrics.set_store(live.store->figures());
    if (live.view->state().phase == Phase::live) continue;
    live.view->metrics.set_lag(lag, clock_.now());
    auto progress = feed_->progress(live.view->definition.topics);
    progress.generation = generation_of(live.store->file(), live.view->definition.name).value_or(0);
    live.view->set_fill(std::move(progress));
  }
}

std::vector<http::Readiness> Projector::status() const {
  std::vector<http::Readiness> parts;
  {
    const std::lock_guard lock{mutex_};
    parts.push_back({"events", source_reason_.empty(), source_reason_, true});
  }
  for (const auto& view : views_) {
    const auto state = view->state();
    const bool live = state.phase == Phase::live;
    parts.push_back({"view " + view->definition.name, live,
                     live                             ? ""
                     : state.phase == Phase::starting ? "has not read any event yet"
                                                      : state.reason,
                     view->readers() != nullptr});
  }
  return parts;
}

}  // namespace orderly::read
