// A shard's store is what its commands make of it: whatever the batches, and however its topics interleave.
#include "cli/verify_replay.h"
#include "cli/verify_stores.h"
#include "ops/stores.h"

using namespace orderly;
using namespace orderly::cli;
using namespace orderly::test;

namespace {

constexpr StoreReplay::Offsets everything{1'000'000, 1'000'000, 1'000'000};

// A shard's partitions of the command topics, in batches of the given size, each of one topic chosen at random.
class Records {
 public:
  Records(const Day& day, std::int32_t shard) {
    for (Lane lane = 0; lane < topics::command_topics.size(); ++lane) {
      for (const auto& record : day.records(topics::command_topics[lane])) {
        if (record.partition == shard) lanes_[lane].push_back(record);
      }
    }
  }

  // Gives the first `until` records of each lane.
  void play(StoreReplay& replay, std::size_t batch, unsigned seed, const StoreReplay::Offsets& until = everything) {
    std::mt19937 random{seed};
    while (true) {
      std::vector<Lane> left;
      for (Lane lane = 0; lane < lanes_.size(); ++lane) {
        const auto end = std::min<std::int64_t>(std::ssize(lanes_[lane]), until[lane]);
        if (replay.next_offset(lane) < end) left.push_back(lane);
      }
      if (left.empty()) return;
      const auto lane = left[random() % left.size()];
      replay.take(from(lane, static_cast<std::size_t>(replay.next_offset(lane)), batch), until);
    }
  }
  std::int64_t size(Lane lane) const { return std::ssize(lanes_[lane]); }

 private:
  struct Headers final : kafka::MessageBatch::Owner {
    std::vector<std::vector<kafka::Header>> of;
  };
  kafka::MessageBatch from(Lane lane, std::size_t first, std::size_t count) const {
    kafka::MessageBatch batch;
    auto headers = std::make_unique<Headers>();
    const auto& all = lanes_[lane];
    for (auto i = first; i < std::min(all.size(), first + count); ++i) {
      auto& of = headers->of.emplace_back();
      for (const auto& [name, value] : all[i].headers) of.push_back({name, value});
    }
    for (auto i = first; i < std::min(all.size(), first + count); ++i) {
      const auto& record = all[i];
      batch.messages.push_back({record.topic, record.partition, static_cast<std::int64_t>(i), record.timestamp_ms,
                                record.key, record.value, headers->of[i - first]});
    }
    batch.owner = std::move(headers);
    return batch;
  }
  std::array<std::vector<StoredRecord>, topics::command_topics.size()> lanes_;
};

std::filesystem::path store(const std::filesystem::path& directory, std::int32_t shard) {
  return directory / ("shard-" + std::to_string(shard) + ".db");
}

// Every value of every event, the streams' numbers among them.
std::string events_of(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_only};
  return db.query_text(
      "SELECT group_concat(position || '|' || stream || '|' || version || '|' || previous || '|' || type || '|' || "
      "time "
      "|| '|' || command_id || '|' || number || '|' || coalesce(correlation_id, '') || '|' || hex(data), char(10)) "
      "FROM "
      "(SELECT * FROM events ORDER BY position)");
}

}  // namespace

TEST_CASE("the same commands make the same store, whatever the batches and however the topics interleave") {
  const unsigned seed = GENERATE(range(1U, 9U));
  const std::int32_t partitions = seed % 2 == 0 ? 3 : 1;
  INFO("seed " << seed);
  Day day{partitions, seed};
  day.run_commands(120);
  for (std::int32_t shard = 0; shard < partitions; ++shard) {
    TemporaryDirectory directory;
    {
      StoreReplay replay{directory.path(), {shard, partitions}, {}};
      Records{day, shard}.play(replay, 1 + seed * 3, seed);
    }
    const auto live = store(day.directory(), shard), replayed = store(directory.path(), shard);
    const auto found = compare_stores(live, replayed);
    INFO((found.others.empty() ? "" : found.others.front()));
    CHECK(found.equal());
    CHECK(found.events == day.work(shard).database().query_integer("SELECT count(*) FROM events"));
    CHECK(found.events > 10);
    CHECK(events_of(live) == events_of(replayed));
  }
}

TEST_CASE("a replay goes on from a store that has some of the commands, and stops where it is told to") {
  Day day{1, 7};
  day.run_commands(100);
  Records records{day, 0};
  const StoreReplay::Offsets half{records.size(0) / 2, records.size(1) / 3, 0};
  TemporaryDirectory directory, whole;
  {
    StoreReplay replay{directory.path(), {0, 1}, {}};
    records.play(replay, 10, 1, half);
    CHECK(replay.next_offset(0) == half[0]);
    CHECK(replay.next_offset(1) == half[1]);
    CHECK(replay.next_offset(2) == 0);
  }
  CHECK_FALSE(compare_stores(store(day.directory(), 0), store(directory.path(), 0)).equal());
  {
    StoreReplay replay{directory.path(), {0, 1}, {}};
    records.play(replay, 25, 2);
  }
  CHECK(compare_stores(store(day.directory(), 0), store(directory.path(), 0)).equal());
}

TEST_CASE("a store that differs from its commands is told by its first difference") {
  Day day{1, 3};
  day.run_commands(100);
  TemporaryDirectory directory;
  {
    StoreReplay replay{directory.path(), {0, 1}, {}};
    Records{day, 0}.play(replay, 50, 1);
  }
  auto& db = day.work(0).database();
  const auto compare = [&] { return compare_stores(store(day.directory(), 0), store(directory.path(), 0)); };
  REQUIRE(compare().equal());

  SECTION("an event was altered") {
    db.execute("UPDATE events SET data = x'00' WHERE position IN (5, 9)");
    const auto found = compare();
    CHECK(found.differing_events == 2);
    REQUIRE(found.first.size() == 1);
    CHECK(found.first[0].position == 5);
    CHECK(found.first[0].live->event.data != found.first[0].replayed->event.data);
  }
  SECTION("events of two topics were altered, by correlation and principal alone") {
    db.execute("UPDATE events SET correlation_id = 'x' WHERE position = 3");
    db.execute("UPDATE events SET principal = 'x' WHERE position = (SELECT max(position) FROM events)");
    const auto found = compare();
    CHECK(found.differing_events == 2);
    CHECK(found.first.size() == 2);
  }
  SECTION("an event is gone") {
    db.execute("DELETE FROM events WHERE position = 4");
    const auto found = compare();
    CHECK(found.differing_events == 1);
    REQUIRE(found.first.size() == 1);
    CHECK_FALSE(found.first[0].live);
    CHECK(found.first[0].replayed->event.position == 4);
  }
  SECTION("the events are the same, what was sent is not") {
    db.execute("UPDATE lanes SET next_sequence = next_sequence + 1 WHERE lane = 1");
    const auto found = compare();
    CHECK(found.differing_events == 0);
    REQUIRE(found.others.size() == 2);
    CHECK_THAT(found.others[0], Catch::Contains("ordering.commands") && Catch::Contains("next outbox message"));
  }
}

TEST_CASE("a command whose handling throws is dead-lettered by a replay, too") {
  Day day{1, 5};
  day.run_commands(40);
  TemporaryDirectory directory;
  Records records{day, 0};
  {
    StoreReplay replay{directory.path(), {0, 1}, {}};
    records.play(replay, 50, 1, {records.size(0) / 2, 0, 0});
  }
  sqlite::Database{store(directory.path(), 0), sqlite::OpenMode::read_write}.execute("DELETE FROM events");
  StoreReplay replay{directory.path(), {0, 1}, {}};
  records.play(replay, 50, 1);
  CHECK(replay.next_offset(0) == records.size(0));
}
