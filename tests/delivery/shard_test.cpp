#include "delivery/running_shard.h"
#include "ordering/v1/ordering.pb.h"

using namespace orderly;
using namespace orderly::test;
using namespace std::chrono_literals;

TEST_CASE("a shard answers commands, ends when asked, and goes on where it was") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  broker.put(new_batch("b1", "LAMP", "c1"));
  {
    RunningShard shard{broker, directory.path()};
    REQUIRE(broker.wait_for(topics::command_results, 1));
  }
  broker.put(allocate("o1", "LAMP", "c2"));
  RunningShard again{broker, directory.path()};
  REQUIRE(broker.wait_for(topics::command_results, 2));
  CHECK(results(broker).at("c2").batch_ref() == "b1");
  CHECK(broker.records(topics::allocation_events).size() == 2);
}

TEST_CASE("a command's events and its result leave in one transaction") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  RunningShard shard{broker, directory.path()};
  REQUIRE(shard.becomes_ready());
  broker.put(new_batch("b1", "LAMP", "c1"));
  REQUIRE(broker.wait_for(topics::command_results, 1));
  CHECK(broker.records(topics::allocation_events).size() == 1);
  CHECK(broker.transactions() == 1);
}

TEST_CASE("a broker that goes away makes the shard say so, and nothing else") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  RunningShard shard{broker, directory.path()};
  REQUIRE(shard.becomes_ready());
  broker.go_away(true);
  REQUIRE(shard.says("no broker can be reached"));
  broker.go_away(false);
  REQUIRE(shard.becomes_ready());
  broker.put(new_batch("b1", "LAMP", "c1"));
  CHECK(broker.wait_for(topics::command_results, 1));
}

TEST_CASE("records that are gone before they were read stop the shard: it says so and skips nothing") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  broker.expire_records();
  RunningShard shard{broker, directory.path()};
  CHECK(shard.says("out of range"));
}

TEST_CASE("a command whose handling keeps failing is dead-lettered with the reason, all others are answered") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  broker.put(new_batch("b1", "LAMP", "c1"));
  broker.put(new_batch("b2", "DESK", "c2"));
  {
    RunningShard shard{broker, directory.path()};
    REQUIRE(broker.wait_for(topics::command_results, 2));
  }
  // The lamp's stream is damaged: reading it throws, whatever the command.
  sqlite::Database{directory.path() / "shard-0.db", sqlite::OpenMode::read_write}.execute(
      "DELETE FROM events WHERE stream = (SELECT stream FROM streams WHERE name = 'product/LAMP')");
  broker.put(allocate("o1", "DESK", "before"));
  broker.put(allocate("o1", "LAMP", "broken"));
  broker.put(allocate("o2", "DESK", "after"));
  RunningShard shard{broker, directory.path()};
  REQUIRE(broker.wait_for(topics::command_results, 5));
  CHECK(results(broker).at("before").status() == messaging::v1::ACCEPTED);
  CHECK(results(broker).at("after").status() == messaging::v1::ACCEPTED);
  CHECK(results(broker).at("broken").status() == messaging::v1::DEAD_LETTERED);
  CHECK(results(broker).at("broken").message().find("the store is damaged") != std::string::npos);
  const auto letters = broker.records(topics::dead_letters);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].header("dlq-reason") == "HANDLER_FAILED");
  CHECK(letters[0].header("ce_id") == "broken");
}

TEST_CASE("a second service on the same shard is refused for as long as the first lives") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  auto first = std::make_unique<RunningShard>(broker, directory.path());
  REQUIRE(first->becomes_ready());
  RunningShard second{broker, directory.path()};
  REQUIRE(second.says("another process holds"));
  first.reset();
  CHECK(second.becomes_ready());
}

TEST_CASE("an order not paid by its deadline is cancelled by the clock, once, also after a restart") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  handling::CommandHandler::Options handling;
  handling.policies.payment_deadline = std::chrono::minutes{10};
  {
    RunningShard shard{broker, directory.path(), handling};
    broker.put(new_order("o1", 1'000));
    REQUIRE(broker.wait_for(topics::ordering_events, 1));
  }
  RunningShard shard{broker, directory.path(), handling};
  shard.clock.set(1'000 + 10 * 60'000 - 1);
  broker.put(new_order("o2", 2'000));
  REQUIRE(broker.wait_for(topics::ordering_events, 2));
  CHECK(broker.records(topics::ordering_events).back().header("ce_type") == "ordering.v1.OrderCreated");
  shard.clock.set(1'000 + 10 * 60'000);
  REQUIRE(broker.wait_for(topics::ordering_events, 3));
  const auto cancelled = broker.records(topics::ordering_events).back();
  CHECK(cancelled.header("ce_subject") == "o1");
  CHECK(cancelled.as<ordering::v1::OrderCancelled>().reason() == "not paid within 600 s");
  shard.clock.set(2'000 + 10 * 60'000);
  REQUIRE(broker.wait_for(topics::ordering_events, 4));
}

TEST_CASE("what the clock of a restored shard sends does not pass for what it sent before") {
  InMemoryBroker broker;
  TemporaryDirectory lost, restored;  // the restored store is the empty one: all is replayed
  handling::CommandHandler::Options handling;
  handling.policies.payment_deadline = std::chrono::minutes{10};
  {
    RunningShard shard{broker, lost.path(), handling};
    broker.put(new_order("o1", 1'000));
    shard.clock.set(1'000 + 10 * 60'000);
    REQUIRE(broker.wait_for(topics::ordering_events, 2));
  }
  REQUIRE(broker.watermark("command.results", 0) == 1);
  RunningShard shard{broker, restored.path(), handling};
  broker.put(new_order("o2", 2'000));
  REQUIRE(broker.wait_for(topics::ordering_events, 3));
  shard.clock.set(2'000 + 10 * 60'000);
  REQUIRE(broker.wait_for(topics::ordering_events, 4));
  CHECK(broker.records(topics::ordering_events).back().header("ce_subject") == "o2");
  CHECK(broker.watermark("command.results", 0) == 2);
}
