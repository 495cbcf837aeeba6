// A repeat gets the first result, whatever happened in between: commits, rollbacks, restarts, closed and expired
// buckets. Real SQLite in a folder of its own. Buckets are small, so that a test sees many of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "deduplication_shard.h"
#include "storage/id_filter.h"

namespace {

using namespace orderly;
using namespace orderly::testing;

TEST_CASE("Repeat_InTheSameBatch_AfterCommit_AndAfterRestart_GetsTheFirstResult") {
  Shard shard;
  CHECK(shard.result("c1") == "unknown");
  shard.remember("c1", "accepted");
  shard.remember("c2", "");
  CHECK(shard.result("c1") == "accepted");
  shard.commit();
  CHECK(shard.result("c1") == "accepted");
  CHECK(shard.result("c2").empty());
  shard.open();
  CHECK(shard.result("c1") == "accepted");
  CHECK(shard.result("c2").empty());
  CHECK(shard.result("c") == "unknown");
}

TEST_CASE("Id_OfOneByte_OfSixtyFour_AndAnyBytes_IsKept") {
  Shard shard;
  const std::vector<std::string> ids{
      "x", std::string(64, 'y'), std::string(63, 'y'), std::string("\0\xff\0", 3), std::string(300, 'z'), ""};
  for (const auto& id : ids) shard.remember(id, id + std::string(5'000, 'r'));
  for (int restart = 0; restart < 2; ++restart) {
    for (const auto& id : ids) CHECK(shard.result(id) == id + std::string(5'000, 'r'));
    if (restart == 0) shard.commit(), shard.open();
  }
}

TEST_CASE("Rollback_ForgetsTheBatch_AndOnlyIt") {
  Shard shard{30};
  shard.fill("kept", 45);
  for (int i = 0; i < 100; ++i) shard.remember("lost" + std::to_string(i), "lost");
  shard.roll_back();
  CHECK(shard.result("lost0") == "unknown");
  CHECK(shard.result("lost99") == "unknown");
  CHECK(shard.known("kept", 45) == 45);
  shard.remember("lost7", "second attempt");
  shard.commit();
  CHECK(shard.result("lost7") == "second attempt");
  shard.open();
  CHECK(shard.result("lost7") == "second attempt");
  CHECK(shard.result("lost8") == "unknown");
  CHECK(shard.known("kept", 45) == 45);
}

TEST_CASE("Rollback_WhileABucketClosesAndAnotherExpires_LosesNothing") {
  Shard shard;
  shard.fill("old", 100);
  shard.fill("new", 2'000, start_unix_ms + 5 * day_ms);
  for (int step = 0; step < 40; ++step) {
    shard.remember("lost", "lost", start_unix_ms + 30 * day_ms);  // with it, all would be expired
    shard.roll_back();
    CHECK(shard.result("old99") == "result of old99");
    shard.remember("step" + std::to_string(step), "result of step" + std::to_string(step), start_unix_ms + 5 * day_ms);
    shard.commit();
  }
  shard.open();
  CHECK(shard.known("old", 100) == 100);
  CHECK(shard.known("new", 2'000) == 2'000);
  CHECK(shard.known("step", 40) == 40);
}

TEST_CASE("ManyBuckets_AreFound_InMemoryAndAfterRestart") {
  Shard shard;
  shard.fill("id", 15'000);  // 150 buckets: three groups of filters
  CHECK(shard.rows("bucket") > 140);
  CHECK(shard.known("id", 15'000) == 15'000);
  CHECK(shard.known("other", 15'000) == 0);
  shard.open();
  CHECK(shard.known("id", 15'000) == 15'000);
  CHECK(shard.known("other", 15'000) == 0);
  shard.options.bucket_ids = 700;  // another size from now on
  shard.open();
  shard.fill("more", 3'000);
  shard.open();
  CHECK(shard.known("id", 15'000) == 15'000);
  CHECK(shard.known("more", 3'000) == 3'000);
}

TEST_CASE("Restart_WhileABucketIsBeingClosed_ClosesItAgain") {
  Shard shard{5'000};
  for (int i = 0; i < 12'000; ++i) shard.remember("id" + std::to_string(i), "result of id" + std::to_string(i));
  shard.commit();  // one batch over several buckets
  for (int restart = 0; restart < 4; ++restart) {
    shard.fill("after" + std::to_string(restart) + "-", 120);
    CHECK(shard.rows("index") > 0);
    CHECK(shard.rows("bucket") == 0);  // slices only; a restart begins again
    shard.open();
    CHECK(shard.known("id", 12'000) == 12'000);
  }
  for (int i = 0; i < 60; ++i) shard.commit();
  CHECK(shard.rows("bucket") > 0);
  CHECK(shard.known("id", 12'000) == 12'000);
  CHECK(shard.known("after0-", 120) == 120);
}

TEST_CASE("Restart_WhenAllFinishedBucketsAreGone_AndTheNextIsStillClosing_LosesNothing") {
  Shard shard;
  shard.fill("old", 100);
  for (int i = 0; i < 5'000; ++i) {
    shard.remember("id" + std::to_string(i), "result of id" + std::to_string(i), start_unix_ms + 8 * day_ms);
  }
  for (int i = 0; i < 6; ++i) shard.commit();
  CHECK(shard.rows("bucket") == 0);
  CHECK(shard.db->query_integer("SELECT min(first_number) FROM deduplication_log") == 100);
  shard.open();
  CHECK(shard.known("id", 5'000) == 5'000);
  shard.fill("more", 500, start_unix_ms + 8 * day_ms);
  shard.open();
  CHECK(shard.known("id", 5'000) == 5'000);
  CHECK(shard.known("more", 500) == 500);
}

TEST_CASE("Retention_IsMeasuredOnTheHighestTimestamp_ToTheMillisecond") {
  const std::uint32_t bucket_ids = GENERATE(1u, 2u, 100u);
  Shard shard{bucket_ids};
  shard.remember("first", "1", start_unix_ms);
  shard.remember("late", "2", start_unix_ms - 30 * day_ms);  // a topic that lags: counts as of now
  shard.commit();
  shard.remember("just before", "3", start_unix_ms + 7 * day_ms);
  shard.commit();
  CHECK(shard.result("first") == "1");
  CHECK(shard.result("late") == "2");
  shard.open();
  CHECK(shard.result("late") == "2");
  shard.remember("just after", "4", start_unix_ms + 7 * day_ms + 1);
  CHECK(shard.result("first") == "unknown");
  CHECK(shard.result("late") == "unknown");
  CHECK(shard.result("just before") == "3");
  shard.remember("first", "again", start_unix_ms);
  CHECK(shard.result("first") == "again");
  for (int i = 0; i < 10; ++i) shard.commit();
  shard.open();
  CHECK(shard.result("first") == "again");
  CHECK(shard.result("late") == "unknown");
}

TEST_CASE("ExpiredBuckets_LeaveNoRows_AndTheirMemoryIsUsedAgain") {
  Shard shard;
  shard.fill("week0-", 3'000);
  const std::size_t bytes = shard.seen->approximate_bytes();
  for (int week = 1; week < 12; ++week) {
    shard.fill("week" + std::to_string(week) + "-", 3'000, start_unix_ms + week * 8 * day_ms);
  }
  for (int i = 0; i < 100; ++i) shard.commit();
  CHECK(shard.rows("bucket") < 35);
  CHECK(shard.rows("log") < 3'200 / 25);
  CHECK(shard.seen->approximate_bytes() < 2 * bytes);
  CHECK(shard.known("week10-", 3'000) == 0);
  CHECK(shard.known("week11-", 3'000) == 3'000);
  shard.open();
  CHECK(shard.known("week11-", 3'000) == 3'000);
}

TEST_CASE("IdsOfEqualHash_AreToldApartByTheirText") {
  Shard shard{100, [](std::string_view) { return std::uint64_t{0xFFFF'FFFF'FFFF'FFFF}; }};
  shard.fill("id", 350);
  shard.remember("pending", "p");
  for (int restart = 0; restart < 2; ++restart) {
    CHECK(shard.known("id", 350) == 350);
    CHECK(shard.result("id350") == "unknown");
    CHECK(shard.result("pending") == "p");
    if (restart == 0) shard.commit(), shard.open();
  }
}

TEST_CASE("Committed_WithoutWrite_IsRefused") {
  Shard shard;
  shard.remember("c1", "r");
  CHECK_THROWS_AS(shard.seen->committed(), std::logic_error);
}

TEST_CASE("Filter_NeverDeniesAnId_AndSeldomInventsOne") {
  storage::IdFilter filter;
  std::mt19937_64 random{1};
  std::vector<std::vector<std::uint64_t>> hashes(200, std::vector<std::uint64_t>(4'096));
  for (std::uint64_t bucket = 0; bucket < hashes.size(); ++bucket) {
    auto bits = storage::IdFilter::make_bits(4'096);
    for (auto& hash : hashes[bucket]) storage::IdFilter::set(bits, hash = random());
    filter.add(bucket, bits);
    if (bucket >= 70) filter.remove(bucket - 70);
  }
  std::vector<std::uint64_t> found;
  for (std::uint64_t bucket = 130; bucket < 200; ++bucket) {
    for (const std::uint64_t hash : hashes[bucket]) {
      found.clear();
      filter.find(hash, found);
      if (std::find(found.begin(), found.end(), bucket) == found.end()) FAIL("bucket " << bucket);
    }
  }
  found.clear();
  for (int i = 0; i < 20'000; ++i) filter.find(random(), found);
  CHECK(found.size() < 20'000 * 70 / 500);
}

}  // namespace
