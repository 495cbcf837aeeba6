#include <catch2/catch.hpp>

#include "delivery/in_memory_system.h"

using namespace orderly;
using namespace orderly::test;

namespace {

constexpr const char* new_batch = R"({"batch_ref":"b1","sku":"LAMP","quantity":100})";
constexpr const char* three_lamps = R"({"order_id":"o1","sku":"LAMP","quantity":3})";

StoredRecord raw(std::string value, Headers headers, std::optional<std::string> key = "LAMP") {
  return {"allocation.commands", 0, std::move(key), std::move(value), std::move(headers), 1'700'000'000'000};
}

}  // namespace

TEST_CASE("an accepted command's result says what it led to") {
  InMemorySystem system;
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
  system.send("allocation.v1.Allocate", three_lamps, "c2", "LAMP", {}, {{"ce_correlationid", "corr"}});
  system.run();
  const auto result = system.result("c2");
  CHECK(result.type() == "allocation.v1.Allocate");
  CHECK(result.status() == messaging::v1::ACCEPTED);
  CHECK(result.aggregate_id() == "LAMP");
  CHECK(result.version() == 2);
  CHECK(result.batch_ref() == "b1");
  CHECK(result.correlation_id() == "corr");
}

TEST_CASE("events carry CloudEvents headers, their cause and the stream's version") {
  InMemorySystem system;
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
  system.run();
  const auto events = system.events();
  REQUIRE(events.size() == 1);
  const auto& event = events[0];
  CHECK(event.key == "LAMP");
  CHECK(event.header("ce_specversion") == "1.0");
  CHECK(event.header("ce_type") == "allocation.v1.BatchCreated");
  CHECK(event.header("ce_subject") == "LAMP");
  CHECK(event.header("ce_time") == "2023-11-14T22:13:20.000Z");
  CHECK(event.header("ce_correlationid") == "c1");
  CHECK(event.header("ce_causationid") == "c1");
  CHECK(event.header("ce_streamversion") == "1");
  CHECK(event.header("content-type") == "application/protobuf");
  CHECK(event.header("ce_id").size() == 36);
}

TEST_CASE("the same command id a hundred times, over restarts and two partitions: one event, a hundred equal results") {
  InMemorySystem system{2};
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
  system.run();
  for (int i = 0; i < 100; ++i) {
    system.send("allocation.v1.Allocate", three_lamps, "again", "LAMP", i % 2);
    if (i % 30 == 29) {
      system.run();
      system.restart();
    }
  }
  system.run();
  CHECK(system.events("Allocated").size() == 1);
  const auto results = system.results("again");
  REQUIRE(results.size() == 100);
  for (const auto& result : results) CHECK(result.SerializeAsString() == results[0].SerializeAsString());
}

TEST_CASE("versions of a stream have no gap, over several events of one command and a restart") {
  InMemorySystem system;
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
  for (int i = 0; i < 20; ++i) {
    system.send("allocation.v1.Allocate", R"({"order_id":"o)" + std::to_string(i) + R"(","sku":"LAMP","quantity":5})",
                "a" + std::to_string(i), "LAMP");
  }
  system.run();
  system.restart();
  system.send("allocation.v1.ChangeBatchQuantity", R"({"batch_ref":"b1","quantity":12,"sku":"LAMP"})", "q", "LAMP");
  system.run();
  int version = 0;
  for (const auto& event : system.events()) CHECK(event.header("ce_streamversion") == std::to_string(++version));
  CHECK(version == 1 + 20 + 1 + 18 + 18);  // each of the 18 newest lines leaves, and is out of stock
}

TEST_CASE("a refusal names its code and field, and is remembered as any result") {
  InMemorySystem system;
  system.send("allocation.v1.Allocate", three_lamps, "c1", "LAMP");
  system.run();
  CHECK(system.outcome("c1") == "REJECTED UNKNOWN_SKU");
  CHECK(system.result("c1").field() == "sku");
  system.send("allocation.v1.CreateBatch", new_batch, "c2", "LAMP");
  system.send("allocation.v1.Allocate", three_lamps, "c1", "LAMP");
  system.run();
  REQUIRE(system.results("c1").size() == 2);
  CHECK(system.results("c1")[1].code() == "UNKNOWN_SKU");
}

TEST_CASE("a result also goes to the topic that the sender wants it in") {
  InMemorySystem system;
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP", {}, {{"reply-to", "my.replies"}});
  system.run();
  REQUIRE(system.records("my.replies").size() == 1);
  CHECK(system.records("my.replies")[0].value == system.records(topics::command_results)[0].value);
}

TEST_CASE("bad input: each is answered or dead-lettered with field and reason, and the next command goes through") {
  struct Bad {
    const char* what;
    StoredRecord record;
    std::string id, outcome, field;
  };
  const Headers json{{"ce_type", "allocation.v1.Allocate"}, {"ce_id", "bad"}, {"content-type", "application/json"}};
  const Headers binary{{"ce_type", "allocation.v1.Allocate"}, {"ce_id", "bad"}};
  const std::string place = "allocation.commands/0/1";
  const std::string long_sku = R"({"order_id":"o","sku":")" + std::string(10'000, 'x') + R"(","quantity":1})";
  const std::vector<Bad> table{
      {"no ce_type", raw("", {{"ce_id", "bad"}}), "bad", "DEAD_LETTERED MISSING_TYPE", "ce_type"},
      {"unknown type", raw("", {{"ce_id", "bad"}, {"ce_type", "allocation.v1.Nonsense"}}), "bad",
       "DEAD_LETTERED UNKNOWN_TYPE", "ce_type"},
      {"type of another topic", raw("", {{"ce_id", "bad"}, {"ce_type", "allocation.v1.Allocate"}}), "bad",
       "REJECTED INVALID_COMMAND", "order_id"},
      {"an id with a space",
       raw(three_lamps,
           {{"ce_id", "a b"}, {"ce_type", "allocation.v1.Allocate"}, {"content-type", "application/json"}}),
       place, "DEAD_LETTERED INVALID_HEADER", "ce_id"},
      {"an id that is too long",
       raw(three_lamps, {{"ce_id", std::string(65, 'x')}, {"ce_type", "allocation.v1.Allocate"}}), place,
       "DEAD_LETTERED INVALID_HEADER", "ce_id"},
      {"broken JSON", raw(R"({"order_id":"o1",)", json), "bad", "DEAD_LETTERED UNREADABLE", ""},
      {"unknown JSON field", raw(R"({"order_id":"o1","sku":"LAMP","quantity":1,"color":"red"})", json), "bad",
       "DEAD_LETTERED UNREADABLE", "color"},
      {"broken Protobuf", raw("\x0a\xff\x01", binary), "bad", "DEAD_LETTERED UNREADABLE", "order_id"},
      {"a megabyte", raw(std::string(1'000'000, 'x'), json), "bad", "DEAD_LETTERED TOO_LARGE", "value"},
      {"negative quantity", raw(R"({"order_id":"o1","sku":"LAMP","quantity":-3})", json), "bad",
       "REJECTED INVALID_COMMAND", "quantity"},
      {"zero quantity", raw(R"({"order_id":"o1","sku":"LAMP","quantity":0})", json), "bad", "REJECTED INVALID_COMMAND",
       "quantity"},
      {"quantity over the limit", raw(R"({"order_id":"o1","sku":"LAMP","quantity":2147483648})", json), "bad",
       "REJECTED INVALID_COMMAND", "quantity"},
      {"quantity over 64 bits", raw(R"({"order_id":"o1","sku":"LAMP","quantity":99999999999999999999})", json), "bad",
       "DEAD_LETTERED UNREADABLE", "quantity"},
      {"a sku of 10,000 characters", raw(long_sku, json), "bad", "REJECTED INVALID_COMMAND", "sku"},
      {"invalid UTF-8 in JSON", raw("{\"order_id\":\"o1\",\"sku\":\"\xff\xfe\",\"quantity\":1}", json), "bad",
       "DEAD_LETTERED UNREADABLE", ""},
      {"invalid UTF-8 in Protobuf", raw(std::string("\x0a\x02o1\x12\x02\xff\xfe\x18\x01", 10), binary), "bad",
       "DEAD_LETTERED UNREADABLE", "sku"},
      {"unknown content type",
       raw("x", {{"ce_id", "bad"}, {"ce_type", "allocation.v1.Allocate"}, {"content-type", "text/xml"}}), "bad",
       "DEAD_LETTERED UNREADABLE", "content-type"},
      {"a reply-to that would write into the events",
       raw(three_lamps, {{"ce_id", "bad"},
                         {"ce_type", "allocation.v1.Allocate"},
                         {"content-type", "application/json"},
                         {"reply-to", "allocation.events"}}),
       "bad", "DEAD_LETTERED INVALID_HEADER", "reply-to"},
      {"no key", raw(R"({"order_id":"o1","sku":"LAMP","quantity":-3})", json, std::nullopt), "bad",
       "REJECTED INVALID_COMMAND", "quantity"},
      {"a tombstone", raw("", json), "bad", "DEAD_LETTERED UNREADABLE", ""},
  };
  for (const auto& bad : table) {
    DYNAMIC_SECTION(bad.what) {
      InMemorySystem system;
      system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
      system.put(bad.record);
      system.send("allocation.v1.Allocate", three_lamps, "good", "LAMP");
      system.run();
      CHECK(system.outcome(bad.id) == bad.outcome);
      const auto result = system.result(bad.id);
      if (!bad.field.empty()) {
        CHECK(result.field() == bad.field);
      }
      CHECK_FALSE(result.message().empty());
      CHECK(system.outcome("good") == "ACCEPTED");
      const auto letters = system.records(topics::dead_letters);
      REQUIRE(letters.size() == (bad.outcome.starts_with("DEAD_LETTERED") ? 1 : 0));
      if (letters.empty()) return;
      CHECK(letters[0].value == bad.record.value);
      CHECK(letters[0].key == bad.record.key);
      CHECK(letters[0].header("dlq-reason") == result.code());
      CHECK(letters[0].header("dlq-detail") == result.message());
      CHECK(letters[0].header("dlq-topic") == "allocation.commands");
      CHECK(letters[0].header("dlq-partition") == "0");
      CHECK(letters[0].header("dlq-offset") == "1");
      CHECK(letters[0].header("ce_type") == bad.record.header("ce_type"));
    }
  }
}

TEST_CASE("garbage under an id does not stand in the way of the command that the id was meant for") {
  InMemorySystem system;
  system.put(
      raw("{", {{"ce_type", "allocation.v1.CreateBatch"}, {"ce_id", "c1"}, {"content-type", "application/json"}}));
  system.send("allocation.v1.CreateBatch", new_batch, "c1", "LAMP");
  system.run();
  REQUIRE(system.results("c1").size() == 2);
  CHECK(system.results("c1")[0].status() == messaging::v1::DEAD_LETTERED);
  CHECK(system.results("c1")[1].status() == messaging::v1::ACCEPTED);
}
