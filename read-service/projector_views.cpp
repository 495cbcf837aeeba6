// The projector's views coming and going: opened at the start, taken out, caught up and adopted again.
#include <algorithm>

#include "read-service/generations.h"
#include "read-service/projector.h"

namespace orderly::read {

std::unique_ptr<ViewStore> Projector::open_current(ServedView& view) const {
  const auto found = find_generations(options_.folder, view.definition);
  const auto fresh = generation_file(options_.folder, view.definition.name, found.highest + 1);
  auto store = std::make_unique<ViewStore>(view.definition, found.complete.value_or(found.filling.value_or(fresh)));
  if (store->is_complete()) view.serve(store->file());
  view.set_previous_generation(found.previous ? generation_of(*found.previous, view.definition.name) : std::nullopt);
  view.set_positions(store->positions());
  return store;
}

void Projector::open_view(const std::shared_ptr<ServedView>& view) {
  try {
    auto store = open_current(*view);
    const auto found = find_generations(options_.folder, view->definition);
    live_.push_back({view, std::move(store)});
    if (!found.complete || !found.filling) return;
    view->begin_replacement(generation_of(*found.filling, view->definition.name).value_or(0));
    fill_beside(view, *found.filling);  // a rebuild that a stop broke off
  } catch (const std::exception& error) {
    view->set_state(ServedView::Phase::failed, error.what());
    log_.error("a view cannot be opened", {{"view", view->definition.name}, {"reason", error.what()}});
    catch_up({.view = view, .open_store = [this, view] { return open_current(*view); }, .pause_first = true});
  }
}

// One new view must not make all the others wait while it reads years of events.
void Projector::send_far_behind_to_catch_up() {
  Positions furthest;
  for (const auto& live : live_) {
    for (const auto& [partition, offset] : live.store->positions()) {
      auto& highest = furthest[partition];
      highest = std::max(highest, offset);
    }
  }
  std::erase_if(live_, [&](Live& live) {
    const auto wants = [&](const std::string& topic) { return live.view->definition.wants(topic); };
    if (gap(live.store->positions(), furthest, wants) <= options_.most_rewound) return false;
    const auto view = live.view;
    live.store.reset();
    catch_up({.view = view, .open_store = [this, view] { return open_current(*view); }});
    return true;
  });
}

void Projector::catch_up(CatchUp::Task task) {
  const auto done = [this] {
    const std::lock_guard lock{mutex_};
    attention_ = true;
    changed_.notify_all();
  };
  catch_ups_.push_back(std::make_unique<CatchUp>(
      std::move(task),
      CatchUp::Surroundings{open_, waiters_, log_, options_.back_off, done, clock_, options_.own_threads,
                            [this] { return is_stopped(); }}));
}

void Projector::step_catch_up(std::size_t which) {
  (*std::next(catch_ups_.begin(), static_cast<std::ptrdiff_t>(which)))->step();
}

void Projector::retry(const std::shared_ptr<ServedView>& view, std::filesystem::path file) {
  catch_up(
      {.view = view,
       .open_store = [view, file = std::move(file)] { return std::make_unique<ViewStore>(view->definition, file); },
       .pause_first = true});
}

std::optional<std::string> Projector::rebuild(ServedView& view) { return ask_for(view, Replacement::rebuilt); }

std::optional<std::string> Projector::roll_back(ServedView& view) {
  if (!view.previous_generation()) return "there is no file to go back to";
  return ask_for(view, Replacement::previous);
}

std::optional<std::string> Projector::ask_for(ServedView& view, Replacement which) {
  if (!view.readers()) return "it is being filled for the first time";
  const auto previous = view.previous_generation().value_or(0);
  if (!view.begin_replacement(which == Replacement::previous ? previous : 0)) return "its next file is being filled";
  const std::lock_guard lock{mutex_};
  asked_.emplace_back(&view, which);
  attention_ = true;
  changed_.notify_all();
  return std::nullopt;
}

void Projector::attend() {
  std::vector<std::pair<ServedView*, Replacement>> asked;
  {
    const std::lock_guard lock{mutex_};
    if (!attention_) return;
    attention_ = false;
    asked.swap(asked_);
  }
  for (const auto& [view, which] : asked) begin(*view, which);
  std::vector<std::pair<Live, bool>> arrived;
  std::erase_if(catch_ups_, [&](const auto& one) {
    if (!one->is_done()) return false;
    arrived.emplace_back(Live{one->view(), one->take_store()}, one->is_beside());
    return true;
  });
  for (auto& [live, beside] : arrived) adopt(std::move(live), beside);
}

void Projector::begin(const ServedView& asked, Replacement which) {
  const auto view = *std::ranges::find(views_, &asked, [](const auto& one) { return one.get(); });
  const auto& name = view->definition.name;
  try {
    const auto found = find_generations(options_.folder, view->definition);
    if (which == Replacement::rebuilt) {
      fill_beside(view, generation_file(options_.folder, name, found.highest + 1));
    } else if (found.previous) {
      fill_beside(view, *found.previous);
    } else {
      throw std::runtime_error{"the file to go back to is gone"};
    }
  } catch (const std::exception& error) {
    view->end_replacement();
    log_.error("a view's next file cannot be begun", {{"view", name}, {"reason", error.what()}});
  }
}

void Projector::fill_beside(const std::shared_ptr<ServedView>& view, std::filesystem::path file) {
  catch_up(
      {.view = view,
       .open_store = [view, file = std::move(file)] { return std::make_unique<ViewStore>(view->definition, file); },
       .beside = true});
}

// At a batch boundary. What the newcomer lacks is read again, and the others pass over what they have.
void Projector::adopt(Live arrived, bool beside) {
  const auto view = arrived.view;
  const auto wants = [&](const std::string& topic) { return view->definition.wants(topic); };
  const auto missing = feed_ ? gap(arrived.store->positions(), feed_->positions(), wants) : 0;
  if (missing > options_.most_rewound) {
    const auto file = arrived.store->file();
    arrived.store.reset();
    return catch_up({.view = view,
                     .open_store = [view, file] { return std::make_unique<ViewStore>(view->definition, file); },
                     .beside = beside});
  }
  const auto readers = view->readers();
  if (readers && readers->file() != arrived.store->file()) {
    // A rebuild takes the place of the old file, and of whatever tried to mend that.
    std::erase_if(catch_ups_, [&](const auto& one) { return one->view() == view; });
  }
  std::erase_if(live_, [&](const Live& live) { return live.view == view; });
  live_.push_back(std::move(arrived));
  if (missing > 0) feed_.reset();  // a new one: an old consumer may still hold records from before a seek
  view->set_positions(live_.back().store->positions());  // no event may come for long
  if (!promote(live_.back())) live_.pop_back();
  if (beside) view->end_replacement();  // only now: whoever waits for that looks at once which file is served
}

// For each partition the position of the view that is least far, among those that want it.
Positions Projector::earliest() const {
  Positions earliest;
  std::set<TopicPartition> unread;
  for (const auto& live : live_) {
    for (const auto& [partition, offset] : live.store->positions()) earliest.try_emplace(partition, offset);
  }
  for (auto& [partition, offset] : earliest) {
    for (const auto& live : live_) {
      if (!live.view->definition.wants(partition.first)) continue;
      const auto known = live.store->positions().find(partition);
      if (known == live.store->positions().end()) {
        unread.insert(partition);
      } else {
        offset = std::min(offset, known->second);
      }
    }
  }
  for (const auto& partition : unread) earliest.erase(partition);
  return earliest;
}

}  // namespace orderly::read
