// Stores for another number of partitions hold the same streams, and their outboxes what had been published.
#include "cli/repartition.h"

#include <map>

#include "ops/stores.h"
#include "outbox/outbox_entry.h"

using namespace orderly;
using namespace orderly::cli;
using namespace orderly::test;

namespace {

// As after a service has had the time to write down that all is out.
void come_to_rest(Day& day) {
  for (std::int32_t shard = 0; shard < day.partitions(); ++shard) {
    auto& work = day.work(shard);
    for (Lane lane = 0; lane < topics::lanes.size(); ++lane) work.published(lane, work.lane(lane).next_sequence);
    work.commit();
  }
}

// Every stream of all stores in a directory: its events' values, and how many of them are published.
std::map<std::string, std::string> streams_in(const std::filesystem::path& directory, std::int32_t shards) {
  std::map<std::string, std::string> streams;
  for (std::int32_t shard = 0; shard < shards; ++shard) {
    sqlite::Database db{directory / ("shard-" + std::to_string(shard) + ".db"), sqlite::OpenMode::read_only};
    sqlite::Statement row{
        db,
        "SELECT s.name, e.version || '|' || e.type || '|' || e.time || '|' || e.command_id || '|' || "
        "e.number || '|' || coalesce(e.correlation_id, '') || '|' || coalesce(e.principal, '') || '|' "
        "|| hex(e.data) || '|' || s.published "
        "FROM events e JOIN streams s USING (stream) ORDER BY e.position"};
    while (row.step()) streams[std::string{row.text(0)}].append(row.text(1)).append(1, '\n');
  }
  return streams;
}

struct Published {
  std::string topic, value, headers;
  auto operator<=>(const Published&) const = default;
};

// By key, in order: what the outboxes hold. Each to the partition that its key belongs to.
std::map<std::string, std::vector<Published>> outboxes(const std::filesystem::path& directory, std::int32_t shards) {
  std::map<std::string, std::vector<Published>> by_key;
  for (std::int32_t shard = 0; shard < shards; ++shard) {
    sqlite::Database db{directory / ("shard-" + std::to_string(shard) + ".db"), sqlite::OpenMode::read_only};
    sqlite::Statement row{db, "SELECT messages FROM outbox ORDER BY lane, sequence"};
    while (row.step()) {
      const std::string bytes{row.blob(0)};
      for (outbox::EntryReader reader{bytes}; !reader.at_end();) {
        std::vector<kafka::Header> headers;
        const auto message = reader.next(headers);
        Published one{std::string{message.topic}, std::string{message.value}, {}};
        for (const auto& [name, value] : headers) {
          if (name.starts_with("ce_")) one.headers.append(name).append(1, '=').append(value).append(1, '\n');
        }
        CHECK(message.partition == kafka::partition_for(*message.key, shards));
        CHECK(message.partition == shard);
        by_key[std::string{*message.key}].push_back(std::move(one));
      }
    }
  }
  return by_key;
}

std::map<std::string, std::vector<Published>> events_of(const Day& day) {
  std::map<std::string, std::vector<Published>> by_key;
  for (const auto topic : {topics::allocation_events, topics::ordering_events, topics::customer_events}) {
    for (const auto& record : day.records(topic)) {
      Published one{record.topic, record.value, {}};
      for (const auto& [name, value] : record.headers) {
        if (name.starts_with("ce_")) one.headers.append(name).append(1, '=').append(value).append(1, '\n');
      }
      by_key[*record.key].push_back(std::move(one));
    }
  }
  return by_key;
}

}  // namespace

TEST_CASE("stores for another number of partitions have the same streams, and publish what was published") {
  const auto [before, after] = GENERATE(std::pair{3, 5}, std::pair{3, 2}, std::pair{1, 4}, std::pair{4, 1});
  INFO(before << " to " << after);
  Day day{before, 11};
  day.run_commands(150);
  come_to_rest(day);
  TemporaryDirectory target;
  const auto made = repartition({{day.directory()}, target.path() / "new", after});
  CHECK(made.partitions_before == before);
  CHECK(made.events > 100);
  CHECK(made.ids > 100);
  CHECK(streams_in(target.path() / "new", after) == streams_in(day.directory(), before));
  CHECK(outboxes(target.path() / "new", after) == events_of(day));
}

TEST_CASE("a store that is not at rest, missing or in use is not repartitioned") {
  Day day{2, 11};
  day.run_commands(40);
  come_to_rest(day);
  TemporaryDirectory target;
  const RepartitionOptions options{{day.directory()}, target.path() / "new", 3};
  const auto refused = [&](const char* why) {
    CHECK_THROWS_WITH(repartition(options), Catch::Contains(why));
    CHECK_FALSE(std::filesystem::exists(options.to));
  };
  const auto execute = [&](const char* sql) {
    sqlite::Database{day.directory() / "shard-1.db", sqlite::OpenMode::read_write}.execute(sql);
  };
  SECTION("a message is not out yet") {
    execute("UPDATE lanes SET published = published - 1 WHERE lane = 0");
    refused("not known to be published");
  }
  SECTION("a command waits") {
    execute("INSERT INTO held(stream, claim, command_id, time, record) VALUES ('product/x', 1, 'c', 0, x'')");
    refused("held or parked");
  }
  SECTION("a version is missing") {
    execute("DELETE FROM events WHERE position = (SELECT min(position) FROM events)");
    refused("the store is damaged");
  }
  SECTION("a shard is missing") {
    std::filesystem::remove(day.directory() / "shard-1.db");
    refused("shard 1 is missing");
  }
  SECTION("the target holds something") {
    std::filesystem::create_directories(options.to / "other");
    CHECK_THROWS_WITH(repartition(options), Catch::Contains("not empty"));
    CHECK(std::filesystem::exists(options.to / "other"));
  }
}
