#include "outbox/outbox_relay.h"

#include <catch2/catch.hpp>
#include <latch>
#include <thread>

#include "delivery/in_memory_broker.h"

using namespace orderly;
using namespace orderly::test;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const outbox::Chunk> chunk(std::int64_t sequence, const std::vector<std::string>& values,
                                           std::int32_t partition = 0,
                                           std::string_view topic = topics::command_results) {
  outbox::Chunk made{0, sequence, static_cast<std::int64_t>(values.size()), {}};
  for (const auto& value : values) outbox::append_entry(made.messages, {topic, partition, "key", value, {}});
  return std::make_shared<const outbox::Chunk>(made);
}

std::vector<std::string> values(const InMemoryBroker& broker, std::string_view topic = topics::command_results) {
  std::vector<std::string> all;
  for (const auto& record : broker.records(topic)) all.push_back(record.value);
  return all;
}

struct Running {
  explicit Running(InMemoryBroker& broker, outbox::OutboxRelay::Chunks waiting = {},
                   outbox::OutboxRelay::Options options = {})
      : relay(
            options, [&broker] { return broker.publisher(); }, {}, std::move(waiting), [](const auto&) {},
            log::Logger::silent()) {}
  outbox::OutboxRelay relay;
};

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("chunks are published in order, with their watermark") {
  InMemoryBroker broker;
  {
    Running running{broker, {chunk(0, {"a", "b"})}};
    running.relay.push({chunk(2, {"c"})});
  }  // the end waits until all is out
  CHECK(values(broker) == List{"a", "b", "c"});
  CHECK(broker.watermark("allocation.commands", 0) == 3);
}

TEST_CASE("a transaction whose acknowledgement is lost is not published again") {
  InMemoryBroker broker;
  broker.fail_next(InMemoryBroker::Fault::after_commit);
  {
    Running running{broker, {chunk(0, {"a", "b"})}};
    REQUIRE(broker.wait_for(topics::command_results, 2));
    running.relay.push({chunk(2, {"c"})});
    REQUIRE(broker.wait_for(topics::command_results, 3));
  }
  CHECK(values(broker) == List{"a", "b", "c"});
}

TEST_CASE("a transaction that fails is published after all") {
  InMemoryBroker broker;
  broker.fail_next(InMemoryBroker::Fault::before_commit);
  { Running running{broker, {chunk(0, {"a", "b"})}}; }
  CHECK(values(broker) == List{"a", "b"});
}

TEST_CASE("the end does not wait for a broker that is away, also while the client is only being made") {
  InMemoryBroker broker;
  broker.go_away(true);
  for (int time = 0; time < 50; ++time) {
    std::latch being_made{1}, ending{1};
    auto relay = std::make_unique<outbox::OutboxRelay>(
        outbox::OutboxRelay::Options{},
        [&] {
          being_made.count_down();
          ending.wait();
          for (int i = 0; i < 1'000; ++i) std::this_thread::yield();  // the end is now past the publisher that was not there
          return broker.publisher();
        },
        std::array<std::int64_t, topics::lanes.size()>{}, outbox::OutboxRelay::Chunks{}, [](const auto&) {},
        log::Logger::silent());
    being_made.wait();
    ending.count_down();
    relay.reset();
  }
}

TEST_CASE("after a crash only what is behind the watermark goes out, also from the middle of a chunk") {
  InMemoryBroker broker;
  broker.set_watermark("allocation.commands", 0, 3);
  { Running running{broker, {chunk(0, {"a", "b"}), chunk(2, {"c", "d"})}}; }
  CHECK(values(broker) == List{"d"});
  CHECK(broker.watermark("allocation.commands", 0) == 4);
}

TEST_CASE("messages without a key are passed over when they are out, and stop the relay when they are not") {
  const auto unreadable = std::make_shared<const outbox::Chunk>(outbox::Chunk{0, 0, 2, {}});
  InMemoryBroker broker;
  broker.set_watermark("allocation.commands", 0, 2);
  { Running running{broker, {unreadable, chunk(2, {"c"})}}; }
  CHECK(values(broker) == List{"c"});
  InMemoryBroker other;
  other.set_watermark("allocation.commands", 0, 1);
  outbox::OutboxRelay::Options options;
  options.own_thread = false;
  Running running{other, {unreadable, chunk(2, {"c"})}, options};
  CHECK(running.relay.step() > 0ms);
  CHECK_THAT(running.relay.trouble().value_or(""), Catch::Contains("outbox message 1 cannot be read"));
  CHECK(values(other).empty());
}

TEST_CASE("a reply to a topic that is not there does not hold up the rest") {
  InMemoryBroker broker;
  broker.make_missing("nowhere");
  {
    Running running{
        broker,
        {chunk(0, {"a"}), chunk(1, {"lost"}, -1, "nowhere"), chunk(2, {"reply"}, -1, "somewhere"), chunk(3, {"b"})}};
  }
  CHECK(values(broker) == List{"a", "b"});
  CHECK(values(broker, "nowhere").empty());
  CHECK(values(broker, "somewhere") == List{"reply"});
}

TEST_CASE("a record that the broker refuses for its size is shortened and says so") {
  InMemoryBroker broker;
  broker.fail_next(InMemoryBroker::Fault::too_large);
  { Running running{broker, {chunk(0, {"small", std::string(1'000'000, 'x')})}}; }
  const auto records = broker.records(topics::command_results);
  REQUIRE(records.size() == 2);
  CHECK(records[0].value == "small");
  CHECK(records[1].value.size() == intake::max_command_bytes);
  CHECK(records[1].header("dlq-truncated") == "1000000");
}

TEST_CASE("with the broker away the relay says so, fills up to its bound, and goes on by itself") {
  InMemoryBroker broker;
  broker.go_away(true);
  outbox::OutboxRelay::Options options;
  options.max_queued_bytes = 100;
  Running running{broker, {}, options};
  CHECK(running.relay.trouble());
  running.relay.push({chunk(0, {std::string(200, 'x')})});
  CHECK_FALSE(running.relay.wait_for_room(1ms));
  broker.go_away(false);
  CHECK(running.relay.wait_for_room(20s));
  CHECK(broker.wait_for(topics::command_results, 1));
}

TEST_CASE("the end does not wait for a broker that is away") {
  InMemoryBroker broker;
  broker.go_away(true);
  outbox::OutboxRelay::Options options;
  options.drain_at_stop = 50ms;
  const auto started = std::chrono::steady_clock::now();
  { Running running{broker, {chunk(0, {"a"})}, options}; }
  CHECK(std::chrono::steady_clock::now() - started < 5s);
  CHECK(values(broker).empty());
}

TEST_CASE("all that waits goes out in one transaction") {
  InMemoryBroker broker;
  broker.go_away(true);
  {
    Running running{broker};
    for (int i = 0; i < 10; ++i) running.relay.push({chunk(i, {"x"})});
    broker.go_away(false);
    REQUIRE(broker.wait_for(topics::command_results, 10));
  }
  CHECK(broker.transactions() <= 2);
}

TEST_CASE("a broker that is too slow for large transactions gets smaller ones") {
  InMemoryBroker broker;
  broker.take_at_most(150);
  outbox::OutboxRelay::Chunks waiting;
  const std::vector<std::string> hundred(100, "x");
  for (int i = 0; i < 20; ++i) waiting.push_back(chunk(i * 100, hundred));
  Running running{broker, waiting};
  REQUIRE(broker.wait_for(topics::command_results, 2'000));
  CHECK(broker.watermark("allocation.commands", 0) == 2'000);
}

TEST_CASE("a small transaction waits for company, the first one and a full one do not, nor the last one at the end") {
  InMemoryBroker broker;
  {
    outbox::OutboxRelay::Options options;
    options.least_interval = 60s;
    options.max_messages = 3;
    options.max_queued_bytes = 2'000;
    Running running{broker, {chunk(0, {"a"})}, options};
    REQUIRE(broker.wait_for(topics::command_results, 1));
    running.relay.push({chunk(1, {"b"})});
    running.relay.push({chunk(2, {"c", "d"})});
    REQUIRE(broker.wait_for(topics::command_results, 4));
    CHECK(broker.transactions() == 2);
    running.relay.push({chunk(4, {"e"})});
    running.relay.push({chunk(5, {std::string(1'500, 'x')})});  // the queue is half full
    REQUIRE(broker.wait_for(topics::command_results, 6));
    CHECK(broker.transactions() == 3);
    running.relay.push({chunk(6, {"g"})});
  }
  CHECK(broker.records(topics::command_results).size() == 7);
}
