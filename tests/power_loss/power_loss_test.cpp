// A process killed within a commit, a second one that goes on with its store, then no power: on the simulation's disks.
#include <catch2/catch.hpp>

#include "common/sqlite/database.h"
#include "delivery/in_memory_system.h"
#include "simulation/disk.h"

using namespace orderly;
using namespace orderly::storage;
using namespace orderly::simulation;
using orderly::test::TemporaryDirectory;

namespace {

// One process's use of the store: opened by a life of its own, what it says is returned, then it is dead.
template <class Use>
std::int64_t as_a_process(Disk& disk, const TemporaryDirectory& directory, const Use& use) {
  const auto life = std::make_shared<Life>();
  disk.run_as(life);
  std::int64_t said = 0;
  {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    said = use(work, *life);
    life->alive = false;
  }
  disk.run_as(nullptr);
  return said;
}

std::int64_t numbered(const UnitOfWork& work) { return work.lane(topics::clock_lane).next_sequence; }

}  // namespace

TEST_CASE("what a killed process wrote and did not sync is durable before it can be published") {
  bool committed = false;
  int read_though_killed = 0;
  for (int operations = 1; !committed; ++operations) {
    CAPTURE(operations);
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      Random random{seed};
      Disk disk{random, "", [] { return 0; }};
      const TemporaryDirectory directory;
      as_a_process(disk, directory, [&](UnitOfWork& work, Life& life) {
        life.operations_left = operations;
        work.outbox().scheduled("a command");
        try {
          work.commit();
          committed = true;
        } catch (const sqlite::Error&) {
        }
        return 0;
      });
      const auto seen = as_a_process(disk, directory, [](UnitOfWork& work, Life&) { return numbered(work); });
      if (!committed && seen > 0) ++read_though_killed;
      disk.lose_power(directory.path().string());
      CHECK(as_a_process(disk, directory, [](UnitOfWork& work, Life&) { return numbered(work); }) == seen);
    }
  }
  CHECK(read_though_killed > 0);
}
