// The disks of all machines, in memory, below a real SQLite: what a process has written is what it reads, but when the
// power goes, what was not synced is lost, kept, or torn into sectors, as chance will have it; what was synced
// survives. A machine is a folder; `name@2` is the second life of `name` and has the same files. Threads: one.
// Failures: SQLite is told of an I/O error when the process that opened the file is dead, or when its life has one in
// store.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulation/life.h"
#include "simulation/random.h"

namespace orderly::simulation {

// One file's bytes, by whatever name.
struct Inode {
  struct Write {
    std::size_t offset;
    std::string bytes;
    bool truncates;  // to `offset`
  };
  std::string data;            // as programs see it
  std::string durable;         // as it was when it was last synced
  std::vector<Write> pending;  // what has happened since

  // SQLite's locks on a database, and what its connections share beside it.
  int shared = 0;
  const void *reserved = nullptr, *exclusive = nullptr;
  int mapped = 0;
  std::vector<std::unique_ptr<std::array<char, 32768>>> regions;
  std::array<int, 8> region_shared{};
  std::array<const void*, 8> region_exclusive{};

  void write(std::size_t offset, std::string_view bytes);
  void truncate(std::size_t size);
  void sync();
  void lose_power(Random& random);
};

class Disk {
 public:
  // Makes itself SQLite's file system for as long as it lives; one at a time. `now_ms` is the time of day.
  // Files below a folder `mirrored` also exist, empty, in the real file system, for who lists or removes them there.
  Disk(Random& random, std::string mirrored, std::function<std::int64_t()> now_ms);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // What is opened from now on belongs to this process.
  void run_as(std::shared_ptr<Life> life) { running_ = std::move(life); }
  const std::shared_ptr<Life>& running() const { return running_; }

  // When its processes are dead and their files closed.
  void lose_power(const std::string& folder);

  // What programs have open in the folder is theirs alone from now on: the files, as they are, get new bytes.
  void part_from(const std::string& folder);

  // The mutant "result before commit": a sync does nothing, but that it makes durable what the sync before should have.
  bool syncs_late = false;

  // What SQLite asks for.
  std::shared_ptr<Inode> open(const std::string& path, bool create);
  bool exists(const std::string& path);
  void remove(const std::string& path, bool durably);
  void sync(const std::shared_ptr<Inode>& inode, const std::string& path);
  std::int64_t now_ms() const { return now_ms_(); }
  Random& random() { return random_; }

 private:
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  bool is_mirrored(const std::string& path) const { return path.starts_with(mirrored_); }
  bool was_removed(const std::string& path) const;
  void forget_removed(const std::string& path);
  void mirror(const std::string& path);

  Random& random_;
  const std::string mirrored_;
  const std::function<std::int64_t()> now_ms_;
  std::shared_ptr<Life> running_;
  Names names_, durable_names_;
  std::map<Inode*, std::size_t> late_;  // how much of what is pending the next sync makes durable
};

// Without the number of the life: the folder that the files are in.
std::string without_life(const std::string& path);

}  // namespace orderly::simulation
