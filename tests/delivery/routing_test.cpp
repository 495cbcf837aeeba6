#include <catch2/catch.hpp>
#include <set>

#include "delivery/in_memory_system.h"

using namespace orderly;
using namespace orderly::test;

namespace {

std::string create_batch(const std::string& ref, const std::string& sku, int quantity) {
  return R"({"batch_ref":")" + ref + R"(","sku":")" + sku + R"(","quantity":)" + std::to_string(quantity) + "}";
}
std::string allocate(const std::string& order, const std::string& sku, int quantity) {
  return R"({"order_id":")" + order + R"(","sku":")" + sku + R"(","quantity":)" + std::to_string(quantity) + "}";
}

// A reference that another shard than the sku's owns, or the same one.
std::string reference_for(const std::string& sku, std::int32_t partitions, bool same_shard) {
  for (int i = 0;; ++i) {
    std::string ref = "batch-" + std::to_string(i);
    if ((kafka::partition_for(ref, partitions) == kafka::partition_for(sku, partitions)) == same_shard) return ref;
  }
}

}  // namespace

TEST_CASE("partitions are chosen as Java clients choose them") {
  // From the Java client's own tests of murmur2: hash & 0x7fffffff, modulo the partitions.
  CHECK(kafka::partition_for("foobar", 1000) == (-790332482 & 0x7fffffff) % 1000);
  CHECK(kafka::partition_for("21", 1000) == (-973932308 & 0x7fffffff) % 1000);
  CHECK(kafka::partition_for("a-little-bit-long-string", 1000) == (-985981536 & 0x7fffffff) % 1000);
}

TEST_CASE("a command on a foreign partition is decided by its own shard, once, with its headers") {
  InMemorySystem system{4};
  const std::string sku = "LAMP", ref = reference_for(sku, 4, true);
  const auto own = kafka::partition_for(sku, 4);
  system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c1", sku, (own + 1) % 4);
  system.send("allocation.v1.Allocate", allocate("o1", sku, 3), "c2", "any", (own + 1) % 4,
              {{"ce_correlationid", "corr-1"},
               {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
               {"x-own", "kept"}});
  system.run();
  CHECK(system.outcome("c1") == "ACCEPTED");
  CHECK(system.outcome("c2") == "ACCEPTED");
  const auto allocated = system.events("Allocated");
  REQUIRE(allocated.size() == 1);
  CHECK(allocated[0].header("ce_correlationid") == "corr-1");
  CHECK(allocated[0].header("traceparent") == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  CHECK(allocated[0].partition == own);
}

TEST_CASE("a new batch that is parked before it has asked for its reference asks all the same") {
  TemporaryDirectory directory;
  const std::string sku = "LAMP", payload = create_batch(reference_for(sku, 4, false), sku, 10);
  storage::UnitOfWork work{directory.path(), {kafka::partition_for(sku, 4), 4}, {}};
  handling::CommandHandler handler{work, {}, [](const auto&, const auto&) {}, log::Logger::silent()};
  const std::vector<kafka::Header> headers{
      {"ce_type", "allocation.v1.CreateBatch"}, {"ce_id", "c1"}, {"content-type", "application/json"}};
  const kafka::Message record{"allocation.commands", kafka::partition_for(sku, 4), 0, 1'700'000'000'000, sku, payload,
                              headers};
  handler.park(record, 0, "a defect");
  CHECK(work.held().is_asked("product/LAMP", "c1"));
  handler.park(record, 0, "a defect");  // a copy, which need not ask
  REQUIRE(work.held().discard("product/LAMP", "c1"));
  CHECK(work.held().is_asked("product/LAMP", "c1"));  // for the copy, now
}

TEST_CASE("a new batch that was parked and discarded is created when it is sent again") {
  const bool asked_before = GENERATE(true, false);  // it fails on its first way in, or when its claim has been granted
  bool defect = true;
  handling::CommandHandler::Options options;
  options.wrap = [&](handling::Handler next) {
    return [&, next = std::move(next)](handling::Incoming& incoming) {
      if (defect && incoming.envelope.id == "c1" && incoming.released == asked_before) {
        throw std::runtime_error{"a defect"};
      }
      return next(incoming);
    };
  };
  InMemorySystem system{4, 1, options};
  const std::string sku = "LAMP", batch = create_batch(reference_for(sku, 4, false), sku, 10);
  system.send("allocation.v1.CreateBatch", batch, "c1", sku);
  system.run();
  REQUIRE(system.outcome("c1") == "DEAD_LETTERED HANDLER_FAILED");
  const auto own = kafka::partition_for(sku, 4);
  system.put({"allocation.commands", own, sku, R"({"stream":"product/LAMP","command_id":"c1"})",
              {{"ce_type", "messaging.v1.DiscardParked"}, {"ce_id", "away"}, {"content-type", "application/json"}}});
  system.run();
  REQUIRE(system.outcome("away") == "ACCEPTED");
  REQUIRE(system.work(own).held().size() == 0);
  defect = false;
  system.send("allocation.v1.CreateBatch", batch, "c1", sku);
  system.send("allocation.v1.Allocate", allocate("o1", sku, 3), "c2", sku);
  system.run();
  REQUIRE(system.results("c1").size() == 2);
  CHECK(system.results("c1")[1].status() == messaging::v1::ACCEPTED);
  CHECK(system.outcome("c2") == "ACCEPTED");
  CHECK(system.events("BatchCreated").size() == 1);
  CHECK(system.work(own).held().size() == 0);
}

TEST_CASE("a command without an id gets its place as its id, and keeps it on its way to its shard") {
  InMemorySystem system{4};
  const auto foreign = (kafka::partition_for("LAMP", 4) + 1) % 4;
  system.send("allocation.v1.Allocate", allocate("o1", "LAMP", 3), "", "LAMP", foreign);
  system.run();
  CHECK(system.outcome("allocation.commands/" + std::to_string(foreign) + "/0") == "REJECTED UNKNOWN_SKU");
}

TEST_CASE("a batch reference is unique over the whole system, whichever shards the two skus belong to") {
  InMemorySystem system{4};
  std::set<std::int32_t> shards;
  int accepted = 0, rejected = 0;
  for (int i = 0; i < 24; ++i) {
    const std::string sku = "SKU-" + std::to_string(i), id = "c" + std::to_string(i);
    shards.insert(kafka::partition_for(sku, 4));
    system.send("allocation.v1.CreateBatch", create_batch("the-only", sku, 10), id, sku);
  }
  system.run();
  for (int i = 0; i < 24; ++i) {
    const auto outcome = system.outcome("c" + std::to_string(i));
    accepted += outcome == "ACCEPTED";
    rejected += outcome == "REJECTED BATCH_EXISTS";
  }
  CHECK(shards.size() == 4);
  CHECK(accepted == 1);
  CHECK(rejected == 23);
  CHECK(system.events("BatchCreated").size() == 1);
}

TEST_CASE("commands behind a new batch wait for its reference, so that their order is kept") {
  InMemorySystem system{4};
  const std::string sku = "LAMP", ref = reference_for(sku, 4, false);
  system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c1", sku);
  system.send("allocation.v1.Allocate", allocate("o1", sku, 3), "c2", sku);
  system.send("allocation.v1.Allocate", allocate("o2", sku, 8), "c3", sku);
  const auto own = kafka::partition_for(sku, 4);
  REQUIRE(system.step(own));
  CHECK(system.results("c2").empty());  // not decided before the batch is there
  CHECK(system.work(own).held().size() == 3);

  SECTION("as they came") {}
  SECTION("also over a restart") { system.restart(); }

  system.run();
  CHECK(system.outcome("c1") == "ACCEPTED");
  CHECK(system.result("c2").batch_ref() == ref);
  CHECK(system.result("c3").out_of_stock());
  CHECK(system.work(own).held().size() == 0);
}

TEST_CASE("a repeat of a command that waits waits too, and gets the first result") {
  InMemorySystem system{4};
  const std::string sku = "LAMP", ref = reference_for(sku, 4, false);
  for (int i = 0; i < 3; ++i) system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c1", sku);
  system.run();
  system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c1", sku);
  system.run();
  const auto results = system.results("c1");
  REQUIRE(results.size() == 4);
  for (const auto& result : results) CHECK(result.SerializeAsString() == results[0].SerializeAsString());
  CHECK(results[0].status() == messaging::v1::ACCEPTED);
  CHECK(system.events("BatchCreated").size() == 1);
}

TEST_CASE("ChangeBatchQuantity without a sku finds its batch at any number of partitions") {
  for (const std::int32_t partitions : {1, 2, 4, 7}) {
    InMemorySystem system{partitions};
    for (int i = 0; i < 10; ++i) {
      const std::string sku = "SKU-" + std::to_string(i), ref = "batch-" + std::to_string(i);
      system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c" + std::to_string(i), sku);
    }
    system.run();
    for (int i = 0; i < 10; ++i) {
      const std::string ref = "batch-" + std::to_string(i);
      system.send("allocation.v1.ChangeBatchQuantity", R"({"batch_ref":")" + ref + R"(","quantity":5})",
                  "q" + std::to_string(i), ref, i % partitions);
    }
    system.run();
    CHECK(system.events("BatchQuantityChanged").size() == 10);
    for (int i = 0; i < 10; ++i) CHECK(system.outcome("q" + std::to_string(i)) == "ACCEPTED");
  }
}

TEST_CASE("ChangeBatchQuantity of a batch that nobody has is refused") {
  InMemorySystem system{4};
  system.send("allocation.v1.ChangeBatchQuantity", R"({"batch_ref":"none","quantity":5})", "c1", "none", 2);
  system.run();
  CHECK(system.outcome("c1") == "REJECTED UNKNOWN_BATCH");
  CHECK(system.result("c1").field() == "batch_ref");
}

TEST_CASE("a change that was refused before there was such a batch stays refused when it is sent again") {
  InMemorySystem system{4};
  const auto change = [&](const std::string& ref, const std::string& id) {
    system.send("allocation.v1.ChangeBatchQuantity", R"({"batch_ref":")" + ref + R"(","quantity":5})", id, ref);
    system.run();
  };
  for (int i = 0; i < 10; ++i) {  // at least one of them is of another shard than its sku
    const std::string sku = "SKU-" + std::to_string(i), ref = "batch-" + std::to_string(i), early = "early" + sku;
    change(ref, early);
    system.send("allocation.v1.CreateBatch", create_batch(ref, sku, 10), "c" + sku, sku);
    system.run();
    change(ref, early);
    const auto results = system.results(early);
    REQUIRE(results.size() == 2);
    for (const auto& result : results) CHECK(result.code() == "UNKNOWN_BATCH");
  }
  CHECK(system.events("BatchQuantityChanged").empty());
}
