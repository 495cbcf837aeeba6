// What the stores know of a conversation: what waits in the outboxes, where the events lie.
#include "cli/why_store.h"

#include <map>

#include "common/id/id.h"
#include "ops/stores.h"

using namespace orderly;
using namespace orderly::cli;
using namespace orderly::test;

namespace {

std::vector<std::pair<std::string, OutboxPlace>> waiting(const std::filesystem::path& data) {
  std::vector<std::pair<std::string, OutboxPlace>> all;
  read_outboxes(data, [&](const kafka::Message& message, const OutboxPlace* place) {
    all.emplace_back(std::string{message.header("ce_type").value_or("")}, *place);
  });
  return all;
}

}  // namespace

TEST_CASE("what waits in the outboxes is read in its order, what is known to be out is not") {
  Day day{1};  // nothing publishes from these stores
  day.send("allocation.v1.CreateBatch", R"({"batch_ref":"b1","sku":"LAMP","quantity":5})", "c1", "LAMP");
  day.send("allocation.v1.Allocate", R"({"order_id":"o1","sku":"LAMP","quantity":1})", "c2", "LAMP");
  day.run();
  const auto all = waiting(day.directory());
  REQUIRE(all.size() == 4);
  std::vector<std::string> types;
  for (std::size_t i = 0; i < all.size(); ++i) {
    types.push_back(all[i].first);
    CHECK(all[i].second.sequence == static_cast<std::int64_t>(i));
    CHECK(all[i].second.lane == "allocation.commands");
    CHECK(all[i].second.shard == 0);
  }
  CHECK(types == std::vector<std::string>{"allocation.v1.BatchCreated", "messaging.v1.CommandResult",
                                          "allocation.v1.Allocated", "messaging.v1.CommandResult"});
  day.work(0).database().execute("UPDATE lanes SET published = 3 WHERE lane = 0");
  REQUIRE(waiting(day.directory()).size() == 1);
  CHECK(waiting(day.directory())[0].second.sequence == 3);
}

TEST_CASE("every published event is found in its shard's store, at its own position") {
  Day day{3, 11};
  day.run_commands(120);
  std::vector<WhyRecord> records;
  for (const auto& event : day.events()) {
    WhyRecord record;
    record.kind = WhyRecord::Kind::event;
    record.topic = event.topic;
    record.partition = event.partition;
    record.id = event.header("ce_id");
    record.subject = event.header("ce_subject");
    record.causation_id = event.header("ce_causationid");
    records.push_back(std::move(record));
  }
  REQUIRE(records.size() > 50);
  locate_events(day.directory(), records);
  for (const auto& record : records) {
    REQUIRE(record.position);
    sqlite::Statement row{day.work(record.partition).database(),
                          "SELECT command_id, number FROM events WHERE position = ?1"};
    REQUIRE(row.bind(*record.position).step());
    CHECK(derive_id(row.text(0), "event", static_cast<std::uint64_t>(row.integer(1))) == record.id);
  }
}
