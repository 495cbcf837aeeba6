// One run of a seed: shards, projector, broker and client under one scheduler and one clock, with whatever chance makes
// go wrong; then calm, until nothing moves any more; then the checks. Threads: one. Failures: violations, as sentences.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/client.h"
#include "simulation/options.h"
#include "simulation/read_machine.h"
#include "simulation/shard_machine.h"

namespace orderly::simulation {

class SimulatedClock final : public Clock {
 public:
  Time now() const override { return from_unix_ms(now_ms); }
  std::chrono::steady_clock::time_point ticks() const override {
    return std::chrono::steady_clock::time_point{std::chrono::milliseconds{now_ms}};
  }
  std::int64_t now_ms = 1'700'000'000'000;
};

struct Counts {  // of what the runs went through, for who wants to know that they went through anything
  std::int64_t commands = 0, kills = 0, power_losses = 0, zombies = 0, time_outs = 0, late_requests = 0, fenced = 0;
  void add(const Counts& other);
};

class World {
 public:
  explicit World(const Options& options);
  ~World();

  // Nothing: all is as promised.
  std::vector<std::string> run();

  const History& history() const { return history_; }
  const Counts& counts() const { return counts_; }

 private:
  Shard::Options shard_options(std::int32_t number);
  handling::CommandHandler::Options handling();
  bool fails(const handling::Incoming& incoming);
  std::vector<std::string> some_views();
  void chaos_step();
  void run_something();
  void disturb();
  void crash();
  void disturb_broker();
  void calm_down();
  void settle();
  void release_parked();
  struct Letter {
    std::pair<std::int32_t, std::int64_t> place;
    Record record;
  };
  std::vector<Letter> parked() const;
  bool was_accepted(const std::string& id) const;
  ShardMachine& any_shard() { return *shards_[static_cast<std::size_t>(random_.pick(0, partitions_ - 1))]; }

  const Options options_;
  Random random_;
  History history_;
  SimulatedClock clock_;
  const std::int32_t partitions_;
  const bool crashes_often_;
  std::chrono::milliseconds payment_deadline_{};  // 0: none
  Counts counts_;
  Broker broker_;
  Surroundings around_;
  Disk disk_;
  Client client_;
  std::vector<std::unique_ptr<ShardMachine>> shards_;
  std::unique_ptr<ReadMachine> reader_;
  std::set<std::pair<std::int32_t, std::int64_t>> released_;  // dead letters
};

}  // namespace orderly::simulation
