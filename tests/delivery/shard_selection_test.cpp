#include <catch2/catch.hpp>

#include "write_service.h"

using namespace orderly;
using Catch::Matchers::Contains;
using Shards = std::vector<std::int32_t>;

TEST_CASE("shards are all, those listed, or what a process takes of all by its index") {
  CHECK(ShardSelection::parse("all").of(3) == Shards{0, 1, 2});
  CHECK(ShardSelection::parse("0-1,6").of(8) == Shards{0, 1, 6});
  CHECK(ShardSelection::parse("mod:1/3").of(8) == Shards{1, 4, 7});
  CHECK(ShardSelection::parse("mod:0/1").of(2) == Shards{0, 1});
  CHECK(ShardSelection::parse("mod:2/3").of(3) == Shards{2});
}

TEST_CASE("any number of processes take every shard once") {
  for (std::int32_t replicas = 1; replicas <= 9; ++replicas) {
    Shards taken;
    for (std::int32_t index = 0; index < replicas; ++index) {
      const auto text = "mod:" + std::to_string(index) + '/' + std::to_string(replicas);
      for (const auto shard : ShardSelection::parse(text).of(9)) taken.push_back(shard);
    }
    std::ranges::sort(taken);
    CHECK(taken == ShardSelection::parse("all").of(9));
  }
}

TEST_CASE("a selection that names no shard is refused") {
  for (const auto* text :
       {"", "some", "mod:", "mod:1", "mod:1/", "mod:/3", "mod:-1/3", "mod:1/3/5", "mod:a/b", "3-1"}) {
    CHECK_THROWS_AS(ShardSelection::parse(text), std::invalid_argument);
  }
  CHECK_THROWS_WITH(ShardSelection::parse("mod:3/3"), Contains("mod:3/3: the index must be below the replicas"));
  CHECK_THROWS_WITH(ShardSelection::parse("0-4").of(4), Contains("there is no shard 4, the topics have 4 partitions"));
  CHECK_THROWS_WITH(ShardSelection::parse("mod:5/6").of(4), Contains("there is no shard 5, the topics have 4"));
}
