// Whether a write service may take a shard: by what the last claim says, and whose directory it is.
#include "common/kafka/ownership.h"

#include <catch2/catch.hpp>

#include "delivery/in_memory_system.h"

using namespace orderly;
using namespace orderly::kafka;

namespace {

Owner owner(const std::string& directory, const std::string& instance) {
  Owner made;
  made.claim = {directory, instance, "here, process 1, /data of a shop"};
  return made;
}

}  // namespace

TEST_CASE("a claim is read as it was written; what is none is none") {
  Claim claim = owner("dir", "instance").claim;
  claim.beat = 7;
  CHECK(parse_claim(to_metadata(claim), 7) == claim);
  claim.released = true;
  CHECK(parse_claim(to_metadata(claim), 7) == claim);
  for (const char* text : {"", "2 dir instance held here", "1 dir", "rubbish"}) CHECK(!parse_claim(text, 0));
}

TEST_CASE("whoever may be alive is waited for: another directory's service, or one on a copy of ours") {
  Owner me = owner("mine", "now");
  CHECK_FALSE(may_be_alive(std::nullopt, me));
  CHECK_FALSE(may_be_alive(owner("mine", "now").claim, me));
  CHECK_FALSE(may_be_alive(owner("mine", "before").claim, me));  // killed: the directory's lock is ours
  CHECK(may_be_alive(owner("other", "x").claim, me));
  Claim ended = owner("other", "x").claim;
  ended.released = true;
  CHECK_FALSE(may_be_alive(ended, me));
  me.held = true;
  CHECK(may_be_alive(owner("mine", "on a copy").claim, me));
}

TEST_CASE("a directory keeps its id; each process is another instance") {
  test::TemporaryDirectory directory;
  Ownership first{directory.path(), "dead-letters", std::chrono::seconds{9}};
  Ownership second{directory.path(), "dead-letters", std::chrono::seconds{9}};
  CHECK(first.of(0) == first.of(0));
  CHECK(first.of(0)->claim.directory == second.of(3)->claim.directory);
  CHECK(first.of(0)->claim.instance != second.of(0)->claim.instance);
  CHECK(second.of(3)->partition == 3);
  CHECK(first.of(0)->renew_every == std::chrono::seconds{3});
}
