#include "simulation/shard_machine.h"

#include <prometheus/registry.h>

namespace orderly::simulation {
namespace {

// One for all runs: the metrics are of no interest here, and making them anew would take most of the time.
prometheus::Registry& registry() {
  static prometheus::Registry metrics;
  return metrics;
}

}  // namespace

ShardMachine::ShardMachine(Surroundings& around, Disk& disk, Mutant mutant, std::string folder, Shard::Options options)
    : around_(around),
      disk_(disk),
      mutant_(mutant),
      folder_(std::move(folder)),
      options_(std::move(options)),
      name_("shard " + std::to_string(options_.place.shard)) {}

ShardMachine::~ShardMachine() = default;

std::unique_ptr<Shard> ShardMachine::make() {
  auto options = options_;
  options.directory = folder();
  const auto id = "orderly-outbox-" + std::to_string(options_.place.shard);
  Shard::Ports ports{[this, life = life_] { return mutate(mutant_, kept_, make_source(around_, life, name_)); },
                     [this, life = life_, id] { return mutate(mutant_, make_publisher(around_, life, id)); }};
  return std::make_unique<Shard>(options, ports, around_.clock, registry(), log::Logger::silent());
}

// Whatever the process does goes through here: it may die of it.
template <class Act>
void ShardMachine::act(const char* what, Act act) {
  disk_.run_as(life_);
  try {
    act();
  } catch (const std::exception& error) {
    if (life_->alive) around_.history.note(name_ + ' ' + what + ": " + error.what());
    if (shard_) shard_->close();
    shard_.reset();
  }
  if (!life_->alive) bury();
  disk_.run_as(nullptr);
}

void ShardMachine::start() {
  shard_ = make();
  const Forgetting forgetting;
  shard_->open();
  around_.history.note(name_ + " is open");
}

void ShardMachine::step() {
  act("steps", [this] {
    if (!shard_) return start();
    shard_->step();
  });
}

void ShardMachine::step_relay() {
  if (!shard_) return;
  act("publishes", [this] { shard_->relay().step(); });
}

void ShardMachine::step_zombie() {
  if (!zombie_) return;
  const auto pause = zombie_->shard->relay().step();
  around_.history.note(name_ + "'s old self publishes: " + std::to_string(pause.count()));
}

void ShardMachine::checkpoint() {
  if (!shard_) return;
  act("is checkpointed", [this] {
    const auto how = std::array{"PASSIVE", "FULL", "TRUNCATE"}[static_cast<std::size_t>(around_.random.pick(0, 2))];
    sqlite::Database{store(), sqlite::OpenMode::read_write}.execute(std::string{"PRAGMA wal_checkpoint("} + how + ")");
  });
}

void ShardMachine::stop() {
  act("stops", [this] {
    around_.history.note(name_ + " is stopped");
    shard_.reset();
  });
}

void ShardMachine::kill(bool power_goes) {
  disk_.run_as(life_);
  life_->alive = false;
  power_goes_ = power_goes;
  bury();
  disk_.run_as(nullptr);
}

void ShardMachine::doom(int operations, bool power_goes) {
  life_->operations_left = operations;
  power_goes_ = power_goes;
}

void ShardMachine::bury() {
  around_.history.note(name_ + (power_goes_ ? " loses its power" : " is killed"));
  shard_.reset();
  if (power_goes_) {
    exorcise();
    disk_.lose_power(without_life(folder()));
  }
  const bool connected = life_->connected;
  life_ = std::make_shared<Life>();
  life_->connected = connected;
}

// What it has open is not what its successor has, and it must not get at that by name.
void ShardMachine::exorcise() {
  if (!zombie_) return;
  zombie_->life->alive = false;
  disk_.run_as(zombie_->life);
  zombie_.reset();
  disk_.run_as(nullptr);
}

void ShardMachine::haunt() {
  if (!shard_ || zombie_) return;
  around_.history.note(name_ + " is taken over by another machine, and does not know");
  zombie_ = Zombie{std::move(shard_), life_};
  disk_.part_from(without_life(folder()));
  life_ = std::make_shared<Life>();
  ++generation_;
}

}  // namespace orderly::simulation
