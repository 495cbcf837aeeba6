// Verification: what is equal is counted, what was altered by hand is named, and what cannot be compared is said.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "read-service/verification_replay.h"
#include "tests/views/breakable.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

namespace {

void publish_some(InMemoryTopics& topics) {
  Stream lamp{"LAMP"};
  OrderStream order{"o1"};
  topics.publish({lamp.created("b1", 50), order.created({{"LAMP", 3}}), lamp.allocated("o1", 3, "b1"),
                  lamp.allocated("o2", 4, "b1"), order.paid(), became_vip("c1", "2026-01-31T12:00:00Z"),
                  dead_letter("?", "UNREADABLE", "2026-01-31T12:00:00Z")});
}

rapidjson::Document verified(const RunningService& service) {
  REQUIRE(service.post("/admin/verify").status == 202);
  rapidjson::Document report;
  RunningService::until([&] {
    const auto body = service.get("/admin/verify").body;
    report.Parse(body.data(), body.size());
    return report["state"] != "running";
  });
  return report;
}

const rapidjson::Value& view(const rapidjson::Document& report, const std::string& name) {
  for (const auto& one : report["views"].GetArray()) {
    if (one["name"].GetString() == name) return one;
  }
  throw std::runtime_error{"no view " + name};
}

// As with the sqlite3 shell.
void alter(const RunningService& service, const std::string& file, const std::string& sql) {
  sqlite::Database db{service.folder() / "views" / file, sqlite::OpenMode::read_write};
  db.execute(sql);
}

// "key: live | replayed" of each difference.
std::vector<std::string> differences(const rapidjson::Value& of) {
  std::vector<std::string> all;
  const auto text = [](const rapidjson::Value& row) { return row.IsNull() ? "none" : std::string{row.GetString()}; };
  for (const auto& one : of["differences"].GetArray()) {
    all.push_back(std::string{one["table"].GetString()} + ' ' + one["key"].GetString() + ": " + text(one["live"]) +
                  " | " + text(one["replayed"]));
  }
  return all;
}

// The topics as they are after retention has removed what is before `begin` of one of them.
class Shortened final : public read::EventSource, public kafka::MessageSource {
 public:
  Shortened(std::unique_ptr<read::EventSource> whole, std::string topic, std::int64_t begin)
      : whole_(std::move(whole)), topic_(std::move(topic)), begin_(begin) {}
  kafka::MessageSource& records() override { return *this; }
  std::int32_t partition_count(const std::string& topic) override { return whole_->partition_count(topic); }
  std::int64_t end_offset(const std::string& topic, std::int32_t partition) override {
    return whole_->end_offset(topic, partition);
  }
  std::int64_t begin_offset(const std::string& topic, std::int32_t partition) override {
    return topic == topic_ && partition == 0 ? begin_ : 0;
  }
  void assign(std::span<const kafka::Position> positions) override {
    std::vector<kafka::Position> moved{positions.begin(), positions.end()};
    for (auto& p : moved) p.offset = std::max(p.offset, begin_offset(p.topic, p.partition));
    whole_->records().assign(moved);
  }
  kafka::MessageBatch poll(std::size_t most, std::chrono::milliseconds timeout) override {
    return whole_->records().poll(most, timeout);
  }
  std::int64_t lag() const override { return whole_->records().lag(); }
  bool has_met_ends() const override { return whole_->records().has_met_ends(); }

 private:
  const std::unique_ptr<read::EventSource> whole_;
  const std::string topic_;
  const std::int64_t begin_;
};

}  // namespace

TEST_CASE("views that hold what the topics say are equal, row by row") {
  RunningService service;
  CHECK(service.get("/admin/verify").body == R"({"state":"none","views":[]})");
  publish_some(service.topics);
  service.until_ready();
  const auto report = verified(service);
  CHECK(report["state"] == "done");
  CHECK(report["views"].Size() == service.service().views().size());
  for (const auto& one : report["views"].GetArray()) {
    INFO(one["name"].GetString());
    CHECK(one["state"] == "equal");
    CHECK(one["differences"].Empty());
    CHECK(one["messages_read"] == one["messages_total"]);
  }
  CHECK(view(report, "orders")["rows"].GetInt() > 5);
  CHECK_FALSE(std::filesystem::exists(service.folder() / "verification"));
}

TEST_CASE("rows altered by hand are named with what they are and what they should be") {
  RunningService service;
  publish_some(service.topics);
  service.until_ready();
  alter(service, "orders.1.db", "UPDATE orders SET status = 9, customer_id = 'it''s me' WHERE order_id = 'o1'");
  alter(service, "allocations.1.db", "DELETE FROM allocations WHERE order_id = 'o2'");
  alter(service, "batches.1.db", "INSERT INTO batches VALUES ('ghost', 'LAMP', 1, 0, '', 1)");
  alter(service, "products.1.db", "UPDATE streams SET version = version + 1");
  alter(service, "customers.1.db", "DROP TABLE spend");
  const auto report = verified(service);
  CHECK(differences(view(report, "orders")) ==
        std::vector<std::string>{"orders order_id='o1': customer_id='it''s me' status=9 | customer_id='c1' status=2"});
  CHECK(differences(view(report, "allocations")) ==
        std::vector<std::string>{"allocations order_id='o2' sku='LAMP': none | batch_ref='b1' quantity=4 version=3"});
  CHECK(
      differences(view(report, "batches")) ==
      std::vector<std::string>{"batches batch_ref='ghost': sku='LAMP' quantity=1 allocated=0 eta='' version=1 | none"});
  CHECK(differences(view(report, "products")) ==
        std::vector<std::string>{"streams topic='allocation.events' subject='LAMP': version=4 | version=3"});
  CHECK(view(report, "customers")["state"] == "not_verified");
  CHECK_THAT(view(report, "customers")["reason"].GetString(), Contains("spend"));
  CHECK(view(report, "dead_letters")["state"] == "equal");
}

TEST_CASE("many differing rows are counted, and some of them shown") {
  RunningService service;
  Stream lamp{"LAMP"};
  service.topics.publish(lamp.created("b1", 1'000));
  for (int i = 0; i < 150; ++i) service.topics.publish(lamp.allocated("o" + std::to_string(i), 1, "b1"));
  service.until_ready();
  alter(service, "allocations.1.db", "UPDATE allocations SET quantity = 2");
  const auto report = verified(service);
  CHECK(view(report, "allocations")["differing_rows"].GetInt64() == 150);
  CHECK(view(report, "allocations")["differences"].Size() == 100);
}

TEST_CASE("what is no text of UTF-8 can be told all the same") {
  RunningService service;
  publish_some(service.topics);
  service.until_ready();
  alter(service, "batches.1.db", "UPDATE batches SET eta = CAST(x'ff41' AS TEXT)");
  CHECK(differences(view(verified(service), "batches")) ==
        std::vector<std::string>{"batches batch_ref='b1': eta='?A' | eta=''"});
}

TEST_CASE("a verification goes on while events come and views are asked; another one is refused meanwhile") {
  RunningService service;
  Stream lamp{"LAMP"};
  service.topics.publish(lamp.created("b1", 100'000));
  service.until_ready();
  std::atomic<int> refused = 0;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(service.post("/admin/verify").status == 202);
    for (int n = 0; n < 200; ++n) service.topics.publish(lamp.allocated("o" + std::to_string(i * 200 + n), 1, "b1"));
    if (service.post("/admin/verify").status == 409) ++refused;
    RunningService::until([&] { return service.get("/admin/verify").body.find("running") == std::string::npos; });
    const auto body = service.get("/admin/verify").body;
    CHECK_THAT(body, Contains(R"("state":"done")"));
    CHECK_THAT(body, !Contains(R"("different")") && !Contains("not_verified"));
  }
  CHECK(refused > 0);
}

TEST_CASE("a view that cannot be replayed says why, and the others are verified") {
  const Breakable breakable;
  RunningService service{breakable.views()};
  publish_some(service.topics);
  service.until_ready();
  *breakable.broken = true;
  const auto report = verified(service);
  CHECK(view(report, "products")["state"] == "not_verified");
  CHECK_THAT(view(report, "products")["reason"].GetString(), Contains("a bug in the projection"));
  CHECK(view(report, "orders")["state"] == "equal");
}

TEST_CASE("a broker that is away ends a verification before it has begun, with the reason") {
  RunningService service;
  publish_some(service.topics);
  service.until_ready();
  service.topics.set_away(true);
  const auto report = verified(service);
  CHECK(report["state"] == "failed");
  CHECK_THAT(report["reason"].GetString(), Contains("no Kafka broker"));
  service.topics.set_away(false);
  CHECK(verified(service)["state"] == "done");
}

TEST_CASE("the service ends at once, a verification under way or not") {
  RunningService service;
  Stream lamp{"LAMP"};
  service.topics.publish(lamp.created("b1", 100'000));
  for (int n = 0; n < 5'000; ++n) service.topics.publish(lamp.allocated("o" + std::to_string(n), 1, "b1"));
  service.until_ready();
  REQUIRE(service.post("/admin/verify").status == 202);
  service.stop();
  CHECK_FALSE(std::filesystem::exists(service.folder() / "verification"));
}

TEST_CASE("where retention has removed the beginning, the rows that are left are compared, if each is of one record") {
  InMemoryTopics topics;
  messaging::v1::CommandResult result;
  for (const char* id : {"c1", "c2", "c3"}) {
    result.set_command_id(id);
    topics.publish(to_record("command.results", result, id, 0));
  }
  publish_some(topics);
  TemporaryFolder folder;
  const auto definitions = read::all_views();
  std::vector<read::ReplayedView> views;
  for (const auto& definition : definitions) {
    if (definition.name != "command_results" && definition.name != "orders") continue;
    auto& replayed = views.emplace_back();
    replayed.definition = &definition;
    replayed.fresh = folder.path() / (definition.name + ".db");
    replayed.found.state = read::VerifiedView::State::replaying;
    replayed.until = definition.name == "orders" ? read::Positions{{{"ordering.events", 0}, 2}}
                                                 : read::Positions{{{"command.results", 0}, 3}};
  }
  const auto shortened = [&](const std::string& topic) -> read::OpenEventSource {
    return [&topics, topic] { return std::make_unique<Shortened>(topics.open()(), topic, 2); };
  };
  SECTION("results: each is a row of its own") {
    read::replay_views(shortened("command.results"), views, SystemClock{}, [] {});
    for (const auto& one : views) {
      CHECK(one.is_open());
      CHECK(one.lost.empty() == (one.definition->name == "orders"));
    }
    CHECK(views.front().definition->name == "command_results");
    CHECK(views.front().lost == std::vector<std::string>{"command.results/0 begins at 2"});
    sqlite::Database db{views.front().fresh, sqlite::OpenMode::read_only};
    CHECK(db.query_text("SELECT group_concat(command_id) FROM command_results") == "c3");
  }
  SECTION("orders: what is left of one proves nothing") {
    read::replay_views(shortened("ordering.events"), views, SystemClock{}, [] {});
    for (const auto& one : views) CHECK(one.is_open() == (one.definition->name != "orders"));
    CHECK(views.back().found.reason == "ordering.events/0 begins at 2");
  }
}
