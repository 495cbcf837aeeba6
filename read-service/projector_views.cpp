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
  view.set_positions(store->positions());
  return store;
}

void Projector::open_view(const std::shared_ptr<ServedView>& view) {
  try {
    auto store = open_current(*view);
    const auto found = find_generations(options_.folder, view->definition);
    live_.push_back({view, std::move(store)});
    if (found.complete && found.filling) fill_beside(view, *found.filling);  // a rebuild that a stop broke off
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
      std::move(task), CatchUp::Surroundings{open_, waiters_, log_, options_.back_off, done}));
}

void Projector::retry(const std::shared_ptr<ServedView>& view, std::filesystem::path file) {
  catch_up(
      {.view = view,
       .open_store = [view, file = std::move(file)] { return std::make_unique<ViewStore>(view->definition, file); },
       .pause_first = true});
}

void Projector::rebuild(const std::string& view) {
  const std::lock_guard lock{mutex_};
  rebuilds_.push_back(view);
  attention_ = true;
  changed_.notify_all();
}

void Projector::attend() {
  std::vector<std::string> rebuilds;
  {
    const std::lock_guard lock{mutex_};
    if (!attention_) return;
    attention_ = false;
    rebuilds.swap(rebuilds_);
  }
  for (const auto& name : rebuilds) begin_rebuild(name);
  std::vector<Live> arrived;
  std::erase_if(catch_ups_, [&](const auto& one) {
    if (!one->is_done()) return false;
    arrived.push_back({one->view(), one->take_store()});
    return true;
  });
  for (auto& one : arrived) adopt(std::move(one));
}

void Projector::begin_rebuild(const std::string& name) {
  const auto view = std::ranges::find(views_, name, [](const auto& one) { return one->definition.name; });
  if (view == views_.end()) return;
  if (std::ranges::any_of(catch_ups_, [&](const auto& one) { return one->view() == *view && one->is_beside(); }))
    return;
  const auto generation = find_generations(options_.folder, (*view)->definition).highest + 1;
  fill_beside(*view, generation_file(options_.folder, name, generation));
}

void Projector::fill_beside(const std::shared_ptr<ServedView>& view, std::filesystem::path file) {
  catch_up(
      {.view = view,
       .open_store = [view, file = std::move(file)] { return std::make_unique<ViewStore>(view->definition, file); },
       .beside = true});
}

// At a batch boundary. What the newcomer lacks is read again, and the others pass over what they have.
void Projector::adopt(Live arrived) {
  const auto view = arrived.view;
  const auto wants = [&](const std::string& topic) { return view->definition.wants(topic); };
  const auto missing = feed_ ? gap(arrived.store->positions(), feed_->positions(), wants) : 0;
  if (missing > options_.most_rewound) {
    const auto file = arrived.store->file();
    arrived.store.reset();
    return catch_up(
        {.view = view, .open_store = [view, file] { return std::make_unique<ViewStore>(view->definition, file); }});
  }
  const auto readers = view->readers();
  if (readers && readers->file() != arrived.store->file()) {
    // A rebuild takes the place of the old file, and of whatever tried to mend that.
    std::erase_if(catch_ups_, [&](const auto& one) { return one->view() == view; });
  }
  std::erase_if(live_, [&](const Live& live) { return live.view == view; });
  live_.push_back(std::move(arrived));
  if (missing > 0) feed_.reset();  // a new one: an old consumer may still hold records from before a seek
  promote(live_.back());
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
