// The follower of topics: checkpoint, order, restart, what is passed over, and troubles of its own.
#include "following.h"

namespace {

using namespace orderly;
using namespace orderly::testing;
using namespace std::chrono_literals;

}  // namespace

TEST_CASE("A subscription handles records in order and after a restart goes on behind them", "[subscription]") {
  World world;
  Following mails{world};
  world.event("a");
  world.event("b");
  mails.step();
  CHECK(mails.handled == Ids{"a", "b"});
  world.event("c");
  mails.restart();
  mails.step();
  CHECK(mails.handled == Ids{"a", "b", "c"});
  CHECK_FALSE(mails.follower->trouble());
}

TEST_CASE("What was not finished at the end of the process comes again", "[subscription]") {
  World world;
  Following mails{world};
  world.event("a");
  world.event("b");
  mails.handle = [](const auto& record, const auto&) { return record.header("ce_id") == "b" ? retry : done; };
  mails.step();
  mails.restart();
  mails.handle = {};
  mails.step();
  CHECK(mails.handled == Ids{"a", "b", "b"});
}

TEST_CASE("Records of other types are passed over, and not read again after a restart", "[subscription]") {
  World world;
  Following mails{world};
  world.broker.add_event("events", "t.Other", "x", world.clock.now());
  world.broker.add({"events", 0, 0, "", "no headers at all", {}});
  mails.step();
  CHECK(mails.handled.empty());
  subscription::Checkpoints checkpoints{world.directory.path / "subscription-mails.db"};
  CHECK(checkpoints.next_offset("events", 0, -2) == 2);
  CHECK(checkpoints.next_offset("events", 1, -2) == -2);
}

TEST_CASE("Events older than the greatest age are counted and make no call", "[subscription]") {
  World world;
  Following mails{world};
  world.broker.add_event("events", "t.Wanted", "old", world.clock.now() - 24h - 1ms);
  world.broker.add_event("events", "t.Wanted", "young", world.clock.now() - 24h);
  mails.step();
  CHECK(mails.handled == Ids{"young"});
  CHECK(mails.outcome("expired") == "1");
}

TEST_CASE("An event that grows old while it is tried is not dropped", "[subscription]") {
  World world;
  Following mails{world};
  world.event("a");
  mails.handle = [](const auto&, const auto&) { return retry; };
  mails.step();
  world.clock.advance(25h);
  mails.handle = {};
  mails.step();
  CHECK(mails.handled == Ids{"a", "a"});
  CHECK(mails.outcome("expired") == "0");
}

TEST_CASE("A replayed dead letter goes to its own subscription alone, however old", "[subscription]") {
  World world;
  Following mails{world, "mails"}, others{world, "others"};
  world.broker.add(
      {"events",
       0,
       0,
       "key",
       "v",
       {{"ce_id", "a"}, {"ce_type", "t.Wanted"}, {"ce_time", "2010-01-01T00:00:00Z"}, {"dlq-subscription", "mails"}}});
  mails.step();
  others.step();
  CHECK(mails.handled == Ids{"a"});
  CHECK(others.handled.empty());
}

TEST_CASE("Two subscriptions of the same events fail independently", "[subscription]") {
  World world;
  Following well{world, "well"}, ill{world, "ill"};
  ill.handle = [](const auto&, const auto&) { return retry; };
  world.event("a");
  world.event("b");
  well.step();
  ill.step();
  CHECK(well.handled == Ids{"a", "b"});
  CHECK(ill.handled == Ids{"a"});
  CHECK_FALSE(well.follower->trouble());
  CHECK(ill.follower->trouble() == "a record is tried again: 451 later");
  well.restart();
  ill.restart();
  ill.handle = {};
  well.step();
  ill.step();
  CHECK(well.handled == Ids{"a", "b"});
  CHECK(ill.handled == Ids{"a", "a", "b"});
}

TEST_CASE("A broker that is away is waited for", "[subscription]") {
  World world;
  Following mails{world};
  world.broker.poll_fails = kafka::Error{kafka::Error::Kind::transient, "no Kafka broker can be reached"};
  CHECK(mails.step() >= 125ms);
  CHECK(mails.follower->trouble() == "no Kafka broker can be reached");
  world.broker.poll_fails.reset();
  world.event("a");
  mails.step();
  CHECK(mails.handled == Ids{"a"});
  CHECK_FALSE(mails.follower->trouble());
}

TEST_CASE("A checkpoint whose records are gone starts from the beginning", "[subscription]") {
  World world;
  Following mails{world};
  world.event("a");
  mails.step();
  world.broker.poll_fails = kafka::Error{kafka::Error::Kind::offset_expired, "offset out of range"};
  mails.step();
  CHECK(mails.follower->trouble() == "offset out of range");
  world.broker.poll_fails.reset();
  mails.step();
  CHECK(mails.handled == Ids{"a", "a"});
}

TEST_CASE("A store that fails is tried again without a second call of the handler", "[subscription]") {
  World world;
  Following mails{world};
  mails.step();
  sqlite::Database db{world.directory.path / "subscription-mails.db", sqlite::OpenMode::read_write};
  db.execute("ALTER TABLE checkpoint RENAME TO away");
  world.event("a");
  world.event("b");
  mails.steps(4);
  CHECK(mails.handled == Ids{"a"});
  CHECK(mails.follower->trouble()->find("checkpoint") != std::string::npos);
  db.execute("ALTER TABLE away RENAME TO checkpoint");
  mails.steps(2);
  CHECK(mails.handled == Ids{"a", "b"});
  CHECK(db.query_integer("SELECT next_offset FROM checkpoint") == 2);
}

TEST_CASE("Of two processes on one directory one follows, the other waits", "[subscription]") {
  World world;
  Following first{world}, second{world};
  first.step();
  CHECK(second.step() > 0ms);
  CHECK(second.follower->trouble()->find("another process holds") != std::string::npos);
  first.follower.reset();
  second.step();
  CHECK_FALSE(second.follower->trouble());
}

TEST_CASE("Stopping cuts a handler short, which is no failure", "[subscription]") {
  World world;
  world.broker.poll_waits = true;
  Following mails{world};
  std::mutex mutex;
  std::condition_variable_any changed;
  bool called = false;
  mails.handle = [&](const auto&, const std::stop_token& stop) {
    std::unique_lock lock{mutex};
    called = true;
    changed.notify_all();
    changed.wait(lock, stop, [] { return false; });
    return retry;
  };
  world.event("a");
  mails.follower->start();
  {
    std::unique_lock lock{mutex};
    REQUIRE(changed.wait_for(lock, 10s, [&] { return called; }));
  }
  mails.follower->stop();
  CHECK(mails.outcome("retried") == "0");
  mails.handle = {};
  mails.restart();
  mails.step();
  CHECK(mails.handled == Ids{"a", "a"});
}
