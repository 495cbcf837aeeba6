#include "common/id/id.h"

#include <set>

#include <catch2/catch.hpp>

using namespace orderly;

TEST_CASE("no two derived ids are equal, whatever the lengths of the ids that clients give") {
  for (const std::string prefix :
       {"", "c", "o-", "cmd-", "order", "change-", "create-", "allocate-", "0198a5e0-7c1d-7d20-8f3a-00000"}) {
    std::set<std::string> ids;
    std::size_t derived = 0;
    for (int command = 100; command < 1'300; ++command) {
      for (std::uint64_t number = 0; number < 12; ++number, ++derived) {
        ids.insert(derive_id(prefix + std::to_string(command), "event", number));
      }
    }
    CHECK(ids.size() == derived);
  }
}

TEST_CASE("a first event's id, and any of a long command id, are as they have always been") {
  CHECK(derive_id("change-905", "event", 0) == "17aee3dd-69e4-8759-96eb-9b9e80df240f");
  const std::string uuid = "0198a5e0-7c1d-7d20-8f3a-000000000001";
  CHECK(derive_id(uuid, "event", 0) == "dec42ec8-be7d-8f29-a99f-f764b210003e");
  CHECK(derive_id(uuid, "event", 5) == "5605ed18-cbfe-8430-93cd-bbcbdd20f096");
}
