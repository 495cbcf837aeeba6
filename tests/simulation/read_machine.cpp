#include "simulation/read_machine.h"

#include <prometheus/registry.h>

#include <algorithm>

#include "read-service/all_views.h"

namespace orderly::simulation {
namespace {

prometheus::Registry& registry() {  // one for all runs, as the shards'
  static prometheus::Registry metrics;
  return metrics;
}

read::Waiters& waiters() {  // nobody waits
  static read::Waiters none{[](const auto& task) { task(); }};
  return none;
}

}  // namespace

ReadMachine::ReadMachine(Surroundings& around, Disk& disk, std::string folder, std::vector<std::string> views)
    : around_(around), disk_(disk), folder_(std::move(folder)), names_(std::move(views)) {}

ReadMachine::~ReadMachine() = default;

template <class Act>
void ReadMachine::act(Act act) {
  disk_.run_as(life_);
  try {
    act();
  } catch (const std::exception& error) {
    if (life_->alive) around_.history.note(std::string{"the projector ends: "} + error.what());
    projector_.reset();
  }
  if (!life_->alive) bury();
  disk_.run_as(nullptr);
}

void ReadMachine::start() {
  served_.clear();
  for (auto& definition : read::all_views()) {
    if (std::ranges::find(names_, definition.name) == names_.end()) continue;
    served_.push_back(std::make_shared<read::ServedView>(std::move(definition), registry()));
  }
  read::ProjectorOptions options;
  options.folder = folder_ + "/views";
  options.own_threads = false;
  options.most_rewound = around_.random.pick(0, 20);
  projector_ = std::make_unique<read::Projector>(
      served_, [this, life = life_] { return make_event_source(around_, life, "the projector"); }, waiters(),
      around_.clock, registry(), options, log::Logger::silent());
  projector_->start();
  around_.history.note("the projector is up");
}

void ReadMachine::step() {
  act([this] {
    if (!projector_) return start();
    const auto which = static_cast<std::size_t>(around_.random.pick(0, static_cast<int>(projector_->catch_ups())));
    if (which == 0) {
      projector_->turn();
    } else {
      projector_->step_catch_up(which - 1);
    }
  });
}

void ReadMachine::rebuild() {
  if (!projector_ || served_.empty()) return;
  auto& view = *served_[static_cast<std::size_t>(around_.random.pick(0, static_cast<int>(served_.size()) - 1))];
  const auto why_not = around_.random.chance(70) ? projector_->rebuild(view) : projector_->roll_back(view);
  around_.history.note("view " + view.definition.name + " is replaced: " + why_not.value_or("it begins"));
}

void ReadMachine::stop() {
  act([this] {
    around_.history.note("the projector is stopped");
    projector_.reset();
  });
}

void ReadMachine::kill(bool power_goes) {
  disk_.run_as(life_);
  life_->alive = false;
  power_goes_ = power_goes;
  bury();
  disk_.run_as(nullptr);
}

void ReadMachine::doom(int operations, bool power_goes) {
  life_->operations_left = operations;
  power_goes_ = power_goes;
}

void ReadMachine::bury() {
  around_.history.note(std::string{"the projector "} + (power_goes_ ? "loses its power" : "is killed"));
  projector_.reset();
  served_.clear();
  if (power_goes_) disk_.lose_power(folder_);
  const bool connected = life_->connected;
  life_ = std::make_shared<Life>();
  life_->connected = connected;
}

bool ReadMachine::is_up_to_date() {
  if (!projector_) return false;
  for (const auto& view : served_) {
    if (view->state().phase != read::ServedView::Phase::live || view->replacement()) return false;
    const auto positions = view->positions();
    for (const auto& topic : view->definition.topics) {
      for (std::int32_t p = 0; p < around_.broker.partitions(); ++p) {
        const auto& log = around_.broker.log({topic, p});
        for (auto at = read::position_in(positions, {topic, p}); at < std::ssize(log); ++at) {
          if (log[static_cast<std::size_t>(at)].state == Record::State::committed) return false;
        }
      }
    }
  }
  return true;
}

std::vector<std::string> ReadMachine::state() const {
  std::vector<std::string> lines;
  for (const auto& view : served_) {
    const auto state = view->state();
    lines.push_back("view " + view->definition.name + ": phase " + std::to_string(static_cast<int>(state.phase)) + ' ' +
                    state.reason + (view->replacement() ? ", a replacement is being filled" : ""));
  }
  return lines;
}

}  // namespace orderly::simulation
