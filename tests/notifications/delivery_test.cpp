// One record's fate: back-off, circuit breaker, dead letter.
#include "following.h"

namespace {

using namespace orderly;
using namespace orderly::testing;
using namespace std::chrono_literals;
using subscription::BackOff;
using subscription::CircuitBreaker;

const auto always_retry = [](const auto&, const auto&) { return retry; };

}  // namespace

TEST_CASE("The back-off doubles up to its longest, and jitter takes off half at most", "[subscription]") {
  std::mt19937_64 random{1};
  const BackOff back_off{100ms, 1'500ms};
  for (const auto& [failures, whole] : std::map<int, std::chrono::milliseconds>{
           {1, 100ms}, {2, 200ms}, {3, 400ms}, {4, 800ms}, {5, 1'500ms}, {60, 1'500ms}}) {
    auto least = whole, most = 0ms;
    for (int i = 0; i < 2'000; ++i) {
      const auto wait = back_off.wait_after(failures, random);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    CHECK(most <= whole);
    CHECK(most > whole * 9 / 10);
    CHECK(least >= whole / 2);
    CHECK(least < whole * 6 / 10);
  }
}

TEST_CASE("The circuit breaker opens after failures in a row, lets one call try, and closes on success",
          "[subscription]") {
  const CircuitBreaker::Ticks start{1h};
  CircuitBreaker breaker{{.failures_to_open = 2, .stay_open = 10s}};
  breaker.failed(start);
  breaker.succeeded();
  breaker.failed(start);
  CHECK(breaker.state(start) == CircuitBreaker::State::closed);
  breaker.failed(start);
  CHECK(breaker.state(start) == CircuitBreaker::State::open);
  CHECK(breaker.state(start + 10s) == CircuitBreaker::State::half_open);
  breaker.failed(start + 10s);
  CHECK(breaker.state(start + 19s) == CircuitBreaker::State::open);
  CHECK(breaker.state(start + 20s) == CircuitBreaker::State::half_open);
  breaker.succeeded();
  CHECK(breaker.state(start + 20s) == CircuitBreaker::State::closed);
}

TEST_CASE("A passing failure is tried again after growing waits, and later records keep their place",
          "[subscription]") {
  World world;
  Following mails{world};
  mails.handle = always_retry;
  world.event("a");
  world.event("b");
  const auto waits = mails.steps(4);
  for (std::size_t i = 0; i < waits.size(); ++i) {
    CHECK(waits[i] <= 1s * (1 << i));
    CHECK(waits[i] >= 500ms * (1 << i));
  }
  CHECK(mails.handled == Ids{"a", "a", "a", "a"});
  mails.handle = {};
  mails.step();
  CHECK(mails.handled == Ids{"a", "a", "a", "a", "a", "b"});
  CHECK(mails.outcome("retried") == "4");
  CHECK(mails.outcome("done") == "2");
}

TEST_CASE("A record is not tried before its time", "[subscription]") {
  World world;
  Following mails{world};
  mails.handle = always_retry;
  world.event("a");
  const auto wait = mails.step();
  world.clock.advance(wait - 1ms);
  CHECK(mails.step() == 1ms);
  CHECK(mails.handled.size() == 1);
  world.clock.advance(1ms);
  mails.step();
  CHECK(mails.handled.size() == 2);
}

TEST_CASE("An open breaker spares the helper, says so, and half-open lets one record try", "[subscription]") {
  World world;
  Following mails{world};
  mails.failures_to_open = 3;
  mails.restart();
  mails.handle = always_retry;
  world.event("a");
  world.event("b");
  mails.steps(2);
  const auto wait = mails.step();
  CHECK(wait == 30s);
  CHECK(mails.breaker() == "2");
  CHECK(mails.follower->trouble() == "the circuit breaker is open: 451 later");
  world.clock.advance(29s);
  CHECK(mails.step() == 1s);
  CHECK(mails.handled.size() == 3);
  world.clock.advance(1s);
  CHECK(mails.step() == 30s);  // the probe failed
  CHECK(mails.handled.size() == 4);
  world.clock.advance(30s);
  mails.handle = {};
  mails.step();
  CHECK(mails.handled == Ids{"a", "a", "a", "a", "a", "b"});
  CHECK(mails.breaker() == "0");
  CHECK_FALSE(mails.follower->trouble());
}

TEST_CASE("After its last try a record is dead-lettered as it came, and the next one has its turn", "[subscription]") {
  World world;
  Following mails{world};
  mails.max_tries = 3;
  mails.restart();
  mails.handle = [](const auto& record, const auto&) { return record.header("ce_id") == "a" ? retry : done; };
  world.event("a", 1);
  world.event("b", 1);
  mails.steps(3);
  CHECK(mails.handled == Ids{"a", "a", "a", "b"});
  const auto letters = world.broker.of("dead-letters");
  REQUIRE(letters.size() == 1);
  const auto& letter = letters.front();
  CHECK(letter.key == "key");
  CHECK(letter.value == "v");
  CHECK(letter.partition == kafka::partition_for("key", 2));
  CHECK(letter.header("ce_id") == "a");
  CHECK(letter.header("dlq-reason") == "NOTIFICATION_FAILED");
  CHECK(letter.header("dlq-detail") == "451 later");
  CHECK(letter.header("dlq-topic") == "events");
  CHECK(letter.header("dlq-partition") == "1");
  CHECK(letter.header("dlq-offset") == "0");
  CHECK(letter.header("dlq-time") == to_rfc3339(world.clock.now()));
  CHECK(letter.header("dlq-subscription") == "mails");
  CHECK(mails.outcome("given_up") == "1");
}

TEST_CASE("A failure for good is dead-lettered at once and does not open the breaker", "[subscription]") {
  World world;
  Following mails{world};
  mails.failures_to_open = 1;
  mails.restart();
  mails.handle = [](const auto&, const auto&) { return give_up; };
  world.event("a");
  world.event("b");
  CHECK(mails.step() == 0ms);
  CHECK(mails.handled == Ids{"a", "b"});
  CHECK(world.broker.of("dead-letters").size() == 2);
  CHECK(mails.breaker() == "0");
}

TEST_CASE("A handler's exception is a failure that may pass", "[subscription]") {
  World world;
  Following mails{world};
  mails.handle = [](const auto&, const auto&) -> Outcome { throw std::runtime_error{"broken"}; };
  world.event("a");
  CHECK(mails.step() > 0ms);
  CHECK(mails.follower->trouble() == "a record is tried again: broken");
}

TEST_CASE("The checkpoint does not move before the dead letter is out, and a repeat has the same id",
          "[subscription]") {
  World world;
  Following mails{world};
  mails.handle = [](const auto&, const auto&) { return give_up; };
  world.event("a");
  world.broker.publish_fails = kafka::Error{kafka::Error::Kind::transient, "the broker is away"};
  CHECK(mails.steps(3).back() > 0ms);
  CHECK(mails.handled == Ids{"a"});  // only its dead letter is tried again
  CHECK(mails.follower->trouble()->find("a dead letter cannot be published") == 0);
  mails.restart();  // nothing is lost: the record comes again
  world.broker.publish_fails.reset();
  mails.step();
  REQUIRE(world.broker.of("dead-letters").size() == 1);
  mails.follower.reset();
  for (const auto* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove((world.directory.path / "subscription-mails.db").string() + suffix);
  mails.restart();
  mails.step();
  const auto letters = world.broker.of("dead-letters");
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].header("dlq-id") == letters[1].header("dlq-id"));
}

TEST_CASE("A dead letter too large for the broker goes without its bytes", "[subscription]") {
  World world;
  Following mails{world};
  mails.handle = [](const auto&, const auto&) { return give_up; };
  world.event("a");
  world.broker.publish_fails = kafka::Error{kafka::Error::Kind::too_large, "message too large"};
  mails.steps(2);
  const auto letters = world.broker.of("dead-letters");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].value.empty());
  CHECK(letters[0].header("dlq-detail") == "its bytes are too large and left out; 550 never");
}
