// A command whose handling keeps failing: parked with what comes after it for the same aggregate, until an operator's
// word; everything else goes on. On running shards with a broker in memory.
#include "delivery/running_shard.h"

using namespace orderly;
using namespace orderly::test;

namespace {

// Handling fails for this command for as long as the test wants it to.
struct Fault {
  std::atomic<bool> on = true;
  std::string command_id = "bad";

  handling::CommandHandler::Options options() {
    handling::CommandHandler::Options options;
    options.wrap = [this](handling::Handler next) {
      return [this, next = std::move(next)](handling::Incoming& incoming) {
        if (on && incoming.envelope.id == command_id) throw std::runtime_error{"a defect"};
        return next(incoming);
      };
    };
    return options;
  }
};

StoredRecord operators_word(const std::string& what, const std::string& stream, const std::string& command_id,
                            const std::string& id) {
  return {"allocation.commands",
          0,
          "LAMP",
          R"({"stream":")" + stream + R"(","command_id":")" + command_id + R"("})",
          {{"ce_type", "messaging.v1." + what}, {"ce_id", id}, {"content-type", "application/json"}},
          1'700'000'000'000};
}

std::vector<std::string> outcomes(const InMemoryBroker& broker, const std::string& id) {
  std::vector<std::string> found;
  for (const auto& record : broker.records(topics::command_results)) {
    const auto result = record.as<messaging::v1::CommandResult>();
    if (result.command_id() != id) continue;
    found.push_back(messaging::v1::CommandStatus_Name(result.status()) + (result.code().empty() ? "" : " ") +
                    result.code());
  }
  return found;
}

std::vector<std::string> allocated_orders(const InMemoryBroker& broker) {
  std::vector<std::string> orders;
  for (const auto& record : broker.records(topics::allocation_events)) {
    if (record.header("ce_type") == "allocation.v1.Allocated") {
      orders.push_back(record.as<allocation::v1::Allocated>().order_id());
    }
  }
  return orders;
}

using Words = std::vector<std::string>;

void fill(InMemoryBroker& broker) {
  broker.put(new_batch("b1", "LAMP", "stock"));
  broker.put(new_batch("b2", "SOFA", "stock2"));
  broker.put(allocate("o1", "LAMP", "bad"));
  broker.put(allocate("o2", "LAMP", "behind-1"));
  broker.put(allocate("o3", "SOFA", "other"));
  broker.put(allocate("o4", "LAMP", "behind-2"));
}

}  // namespace

TEST_CASE("a command that keeps failing is parked with what follows for its aggregate; the others go on") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  Fault fault;
  fill(broker);
  {
    RunningShard shard{broker, directory.path(), fault.options()};
    REQUIRE(broker.wait_for(topics::command_results, 4));  // two batches, the other sku's line, the dead letter's
    CHECK(outcomes(broker, "bad") == Words{"DEAD_LETTERED HANDLER_FAILED"});
    CHECK(allocated_orders(broker) == Words{"o3"});
    const auto letter = broker.records(topics::dead_letters).at(0);
    CHECK(letter.header("dlq-stream") == "product/LAMP");
    CHECK(letter.header("dlq-detail") == "a defect");
    CHECK(letter.header("dlq-offset") == "2");
  }
  SECTION("replayed after a restart, in order") {
    RunningShard shard{broker, directory.path(), fault.options()};
    fault.on = false;
    broker.put(allocate("o5", "LAMP", "behind-3"));
    broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "again"));
    REQUIRE(broker.wait_for(topics::command_results, 9));
    CHECK(allocated_orders(broker) == Words{"o3", "o1", "o2", "o4", "o5"});
    CHECK(outcomes(broker, "bad") == Words{"DEAD_LETTERED HANDLER_FAILED", "ACCEPTED"});
    CHECK(outcomes(broker, "again") == Words{"ACCEPTED"});
    broker.put(allocate("o6", "LAMP", "later"));
    REQUIRE(broker.wait_for(topics::command_results, 10));
    CHECK(allocated_orders(broker).back() == "o6");
  }
  SECTION("replayed too early, it stays parked and the operator is told") {
    RunningShard shard{broker, directory.path(), fault.options()};
    broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "again"));
    REQUIRE(broker.wait_for(topics::command_results, 5));
    CHECK(outcomes(broker, "again") == Words{"DEAD_LETTERED HANDLER_FAILED"});
    CHECK(allocated_orders(broker) == Words{"o3"});
    fault.on = false;
    broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "once-more"));
    REQUIRE(broker.wait_for(topics::command_results, 9));
    CHECK(allocated_orders(broker) == Words{"o3", "o1", "o2", "o4"});
  }
  SECTION("discarded, and the others go on") {
    RunningShard shard{broker, directory.path(), fault.options()};
    broker.put(operators_word("DiscardParked", "product/LAMP", "bad", "away"));
    REQUIRE(broker.wait_for(topics::command_results, 7));
    CHECK(allocated_orders(broker) == Words{"o3", "o2", "o4"});
  }
}

TEST_CASE("a second command that fails among the released ones is parked in its turn") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  Fault fault;
  fill(broker);
  {
    RunningShard shard{broker, directory.path(), fault.options()};
    REQUIRE(broker.wait_for(topics::command_results, 4));
  }
  fault.command_id = "behind-1";
  RunningShard shard{broker, directory.path(), fault.options()};
  broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "again"));
  REQUIRE(broker.wait_for(topics::command_results, 7));
  CHECK(allocated_orders(broker) == Words{"o3", "o1"});
  CHECK(outcomes(broker, "behind-1") == Words{"DEAD_LETTERED HANDLER_FAILED"});
  fault.on = false;
  broker.put(operators_word("ReplayParked", "product/LAMP", "behind-1", "and-again"));
  REQUIRE(broker.wait_for(topics::command_results, 10));
  CHECK(allocated_orders(broker) == Words{"o3", "o1", "o2", "o4"});
}

TEST_CASE("what a release sets free goes piece by piece, in order, over restarts, what comes meanwhile behind it") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  Fault fault;
  fill(broker);
  for (int n = 3; n <= 7; ++n) {
    broker.put(allocate("o" + std::to_string(n + 2), "LAMP", "behind-" + std::to_string(n)));
  }
  broker.put(allocate("o0", "SOFA", "last"));
  auto options = fault.options();
  options.most_released = 2;
  {
    RunningShard shard{broker, directory.path(), options};
    REQUIRE(broker.wait_for(topics::command_results, 5));  // with the last command's: all others are held by now
  }
  broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "again"));
  const auto results = [&] { return broker.records(topics::command_results).size(); };
  SECTION("all is well") {
    fault.on = false;
    while (results() < 17) {  // the operator's word, eight lines, three words of our own
      RunningShard shard{broker, directory.path(), options};
      REQUIRE(broker.wait_for(topics::command_results, results() + 1));
    }
    RunningShard shard{broker, directory.path(), options};
    broker.put(allocate("o10", "LAMP", "later"));
    REQUIRE(broker.wait_for(topics::command_results, 18));
    CHECK(results() == 18);
    CHECK(allocated_orders(broker) == Words{"o3", "o0", "o1", "o2", "o4", "o5", "o6", "o7", "o8", "o9", "o10"});
  }
  SECTION("the first of a piece fails: it is parked with a dead letter of its own, and released by the next word") {
    fault.command_id = "behind-2";
    {
      RunningShard shard{broker, directory.path(), options};
      REQUIRE(broker.wait_for(topics::dead_letters, 2));
    }
    CHECK(broker.records(topics::dead_letters).at(1).header("dlq-stream") == "product/LAMP");
    CHECK(outcomes(broker, "behind-2") == Words{"DEAD_LETTERED HANDLER_FAILED"});
    CHECK(allocated_orders(broker) == Words{"o3", "o0", "o1", "o2"});
    fault.on = false;
    RunningShard shard{broker, directory.path(), options};
    broker.put(operators_word("ReplayParked", "product/LAMP", "behind-2", "and-again"));
    REQUIRE(broker.wait_for(topics::allocation_events, 12));
    CHECK(allocated_orders(broker) == Words{"o3", "o0", "o1", "o2", "o4", "o5", "o6", "o7", "o8", "o9"});
    CHECK(broker.records(topics::dead_letters).size() == 2);
  }
}

TEST_CASE("an operator's word about what is not parked is refused") {
  InMemoryBroker broker;
  TemporaryDirectory directory;
  RunningShard shard{broker, directory.path()};
  broker.put(operators_word("ReplayParked", "product/LAMP", "bad", "r1"));
  broker.put(operators_word("DiscardParked", "LAMP", "bad", "r2"));
  REQUIRE(broker.wait_for(topics::command_results, 2));
  CHECK(outcomes(broker, "r1") == Words{"REJECTED NOT_PARKED"});
  CHECK(outcomes(broker, "r2") == Words{"REJECTED INVALID_COMMAND"});
}
