// One shard of the write service, as a process on a machine of its own: stepped by the scheduler, killed at any
// operation, with or without the power; its former self may go on as a zombie that still tries to publish. Threads:
// one. Failures: what the shard throws while it lives makes it open again, as Shard::run() does; nothing leaves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shard.h"
#include "simulation/clients.h"
#include "simulation/disk.h"
#include "simulation/mutants.h"

namespace orderly::simulation {

class ShardMachine {
 public:
  ShardMachine(Surroundings& around, Disk& disk, Mutant mutant, std::string folder, Shard::Options options);
  ~ShardMachine();

  void step();  // starts it where it is down
  void step_relay();
  std::size_t queued_bytes() const { return shard_ ? shard_->relay().queued_bytes() : 0; }
  void step_zombie();  // one publish of an old self, where there is one
  // Beside the shard, as a backup or a tool does: moves what is in the log into the database.
  void checkpoint();

  void stop();
  void kill(bool power_goes);
  void doom(int operations, bool power_goes);  // it dies at that operation from now on, whatever that is
  void haunt();                                // another machine takes over; the old self goes on publishing
  void fail_disk_soon(int writes) { life_->writes_until_failure = writes; }
  void connect(bool connected) { life_->connected = connected; }

  bool is_doomed() const { return life_->operations_left > 0; }
  bool has_zombie() const { return zombie_.has_value(); }
  void exorcise();
  std::string store() const { return folder() + "/shard-" + std::to_string(options_.place.shard) + ".db"; }
  std::string folder() const { return folder_ + '@' + std::to_string(generation_); }
  const Shard::Options& options() const { return options_; }

 private:
  std::unique_ptr<Shard> make();
  void start();
  void bury();
  template <class Act>
  void act(const char* what, Act act);

  Surroundings& around_;
  Disk& disk_;
  const Mutant mutant_;
  const std::string folder_;
  Shard::Options options_;
  const std::string name_;
  KeptPositions kept_;
  int generation_ = 0;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
  std::unique_ptr<Shard> shard_;
  bool power_goes_ = false;  // with the doom
  struct Zombie {
    std::unique_ptr<Shard> shard;
    std::shared_ptr<Life> life;
  };
  std::optional<Zombie> zombie_;
};

}  // namespace orderly::simulation
