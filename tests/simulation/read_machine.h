// The projector of a read service, as a process on a machine of its own: stepped by the scheduler, killed at any
// operation, with or without the power. Threads: one. Failures: none leave; a view's are the projector's own affair.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "read-service/projector.h"
#include "simulation/clients.h"
#include "simulation/disk.h"

namespace orderly::simulation {

class ReadMachine {
 public:
  ReadMachine(Surroundings& around, Disk& disk, std::string folder, std::vector<std::string> views);
  ~ReadMachine();

  void step();  // starts it where it is down; a turn of the projector, or of a view that catches up apart
  void rebuild();

  void stop();
  void kill(bool power_goes);
  void doom(int operations, bool power_goes);
  void fail_disk_soon(int writes) { life_->writes_until_failure = writes; }
  void connect(bool connected) { life_->connected = connected; }
  bool is_doomed() const { return life_->operations_left > 0; }

  // Whether every view is live and has read to the end.
  bool is_up_to_date();
  std::vector<std::string> state() const;
  const std::vector<std::shared_ptr<read::ServedView>>& views() const { return served_; }
  // For who reads the files: no process is running.
  Disk& disk() { return disk_; }

 private:
  void start();
  void bury();
  template <class Act>
  void act(Act act);

  Surroundings& around_;
  Disk& disk_;
  const std::string folder_;
  const std::vector<std::string> names_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
  std::vector<std::shared_ptr<read::ServedView>> served_;
  std::unique_ptr<read::Projector> projector_;
  bool power_goes_ = false;
};

}  // namespace orderly::simulation
