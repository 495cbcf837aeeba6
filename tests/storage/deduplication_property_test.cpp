// Random histories of commits, rollbacks and restarts against a plain map. The seed of a failing one is in the message.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <unordered_map>

#include "deduplication_shard.h"

namespace {

using namespace orderly;
using namespace orderly::testing;

// What it must do, in a few lines: the results by id with the clock they came at.
struct Model {
  struct Known {
    std::string result;
    std::int64_t at_unix_ms;
  };
  std::unordered_map<std::string, Known> ids;
  std::int64_t clock_unix_ms = 0;

  std::string find(const std::string& id) const {
    const auto known = ids.find(id);
    return known == ids.end() || clock_unix_ms - known->second.at_unix_ms > 7 * day_ms ? "unknown"
                                                                                       : known->second.result;
  }
  void remember(const std::string& id, const std::string& result, std::int64_t now) {
    clock_unix_ms = std::max(clock_unix_ms, now);
    ids[id] = {result, clock_unix_ms};
  }
};

std::uint64_t hash_of_8_bits(std::string_view id) { return storage::hash_of_id(id) & 0xFF00'0000'0000'0000; }

void run_history(Shard& shard, std::mt19937_64& random) {
  const auto below = [&](std::uint64_t end) { return static_cast<std::int64_t>(random() % end); };
  Model committed;
  std::int64_t now = start_unix_ms;
  for (int batch = 0; batch < 400; ++batch) {
    Model model = committed;
    for (auto commands = below(30); commands > 0; --commands) {
      now += below(10) == 0 ? below(day_ms / 4) : below(1'000);
      const std::string id = "id" + std::to_string(below(3'000));
      REQUIRE(shard.result(id) == model.find(id));
      if (model.find(id) != "unknown") continue;
      const std::string result = std::to_string(random()) + std::string(static_cast<std::size_t>(below(200)), '.');
      const std::int64_t timestamp = now - below(day_ms);
      shard.remember(id, result, timestamp);
      model.remember(id, result, timestamp);
    }
    const auto fate = below(12);
    if (fate == 0) {
      shard.roll_back();
    } else if (fate == 1) {
      shard.open();  // as after a crash
    } else {
      fate == 2 ? shard.crash_after_commit() : shard.commit();
      committed = std::move(model);
      if (fate == 3) shard.open();
    }
  }
  for (int i = 0; i < 3'000; ++i) {
    const std::string id = "id" + std::to_string(i);
    REQUIRE(shard.result(id) == committed.find(id));
  }
}

TEST_CASE("RandomHistories_AnswerAsAPlainMapDoes") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    Shard shard{static_cast<std::uint32_t>(1 + random() % 300), seed % 3 == 0 ? hash_of_8_bits : storage::hash_of_id};
    run_history(shard, random);
  }
}

}  // namespace
