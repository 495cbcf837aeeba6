// What the orders view makes of two topics between which there is no order: the order itself, lists, history, the past.
#include "read-service/views/orders_view.h"

#include <catch2/catch.hpp>

#include "tests/views/projected_view.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

namespace {

std::string part(const std::string& json, const std::string& from, const std::string& to) {
  const auto begin = json.find(from);
  return begin == std::string::npos ? "" : json.substr(begin, json.find(to, begin) - begin);
}

std::string ids(const std::vector<read::ListRow>& rows) {
  std::string ids;
  for (const auto& row : rows) ids += row.key.at(1) + ' ';
  return ids;
}

}  // namespace

TEST_CASE("an order shows who ordered what for how much, and what allocation says of each line") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp, chair{"CHAIR"}, desk{"DESK"};
  order.at("2026-01-31T12:00:00Z");
  view.given({lamp.created("b1", 50), chair.created("c1", 1),
              order.created({{"LAMP", 3, 250}, {"CHAIR", 2, 1'000}, {"DESK", 1, 99}}, "2010-12-01T08:26:00Z"),
              lamp.allocated("o1", 3, "b1"), chair.out_of_stock("o1", 2, true)});
  CHECK(view.json("o1") ==
        R"({"order_id":"o1","customer_id":"c1","status":"created","total":{"currency":"GBP","minor_units":2849},)"
        R"("version":1,"created_at":"2010-12-01T08:26:00.000Z","lines":[)"
        R"({"sku":"LAMP","quantity":3,"unit_price":{"currency":"GBP","minor_units":250},)"
        R"("allocation_status":"allocated","batch_ref":"b1"},)"
        R"({"sku":"CHAIR","quantity":2,"unit_price":{"currency":"GBP","minor_units":1000},)"
        R"("allocation_status":"out_of_stock","batch_ref":null},)"
        R"({"sku":"DESK","quantity":1,"unit_price":{"currency":"GBP","minor_units":99},)"
        R"("allocation_status":"pending","batch_ref":null}],)"
        R"("timeline":[{"status":"created","time":"2026-01-31T12:00:00.000Z"}]})");
}

TEST_CASE("a sku at two prices is two lines, and both say what became of their sum in allocation") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp;
  view.given({lamp.created("b1", 50), order.created({{"LAMP", 3, 250}, {"LAMP", 1, 199}}),
              lamp.allocated("o1", 3, "b1"),  // somebody else's, in the order's name
              lamp.allocated("o1", 4, "b1")});
  CHECK_THAT(view.json("o1"),
             Contains(R"({"sku":"LAMP","quantity":3,"unit_price":{"currency":"GBP","minor_units":250},)"
                      R"("allocation_status":"allocated","batch_ref":"b1"},)"
                      R"({"sku":"LAMP","quantity":1,"unit_price":{"currency":"GBP","minor_units":199},)"
                      R"("allocation_status":"allocated","batch_ref":"b1"}])"));
}

TEST_CASE("an order's timeline says when it came to each status") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  view.given({order.at("2026-01-01T00:00:00Z").created({{"LAMP"}}), order.at("2026-01-02T00:00:00Z").allocated(),
              order.at("2026-01-03T00:00:00Z").paid(), order.at("2026-01-04T00:00:00Z").shipped()});
  const auto json = view.json("o1");
  CHECK_THAT(json, Contains(R"("status":"shipped")") && Contains(R"("version":4)"));
  CHECK(
      part(json, "\"timeline\"", "]") ==
      R"("timeline":[{"status":"created","time":"2026-01-01T00:00:00.000Z"},)"
      R"({"status":"paid","time":"2026-01-03T00:00:00.000Z"},{"status":"shipped","time":"2026-01-04T00:00:00.000Z"})");
}

TEST_CASE("a cancelled order says why, what is refunded if it was paid, and its lines are given back") {
  ProjectedView view{read::orders_view()};
  OrderStream paid{"o1"}, unpaid{"o2"};
  Stream lamp;
  view.given({paid.created({{"LAMP", 2, 50}}), lamp.allocated("o1", 2, "b1"), paid.allocated(), paid.paid(),
              paid.cancelled("changed his mind"), unpaid.created({{"LAMP"}}), unpaid.cancelled("too late")});
  CHECK_THAT(view.json("o1"), Contains(R"("status":"cancelled")") &&
                                  Contains(R"("allocation_status":"allocated","batch_ref":"b1")") &&
                                  Contains(R"("cancel_reason":"changed his mind",)"
                                           R"("refund":{"currency":"GBP","minor_units":100}})"));
  CHECK_THAT(view.json("o2"), Contains(R"("cancel_reason":"too late"})"));
  view.given({lamp.deallocated("o1", 2, "b1")});
  CHECK_THAT(view.json("o1"), Contains(R"("allocation_status":"pending","batch_ref":null)"));
}

TEST_CASE("what allocation says of an order that was never created makes no order, and counts once it is") {
  ProjectedView view{read::orders_view()};
  Stream lamp;
  view.given({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1"), lamp.allocated("o2", 3, "b1")});
  CHECK(view.json("o1") == "none");
  CHECK(view.json_at("o1", 1) == "none");
  CHECK(view.rows({}).empty());
  view.given({OrderStream{"o1"}.created({{"LAMP", 3}})});
  CHECK_THAT(view.json("o1"), Contains(R"("allocation_status":"allocated","batch_ref":"b1")"));
  CHECK(view.json("o2") == "none");
}

TEST_CASE("a line of another quantity is another line, as the order itself sees it") {
  ProjectedView view{read::orders_view()};
  Stream lamp;
  view.given({OrderStream{"o1"}.created({{"LAMP", 3}}), lamp.allocated("o1", 5, "b1")});
  CHECK_THAT(view.json("o1"), Contains(R"("allocation_status":"pending","batch_ref":null)"));
}

TEST_CASE("an order's version is its own stream's, and its tag also changes with a line's allocation") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp;
  std::set<std::string> tags;
  std::size_t steps = 0;
  const auto step = [&](Record record, std::int64_t version) {
    view.given({std::move(record)});
    const auto answer = view.resource("o1");
    CHECK(answer.version == version);
    tags.insert(answer.etag);
    CHECK(tags.size() == ++steps);
  };
  step(order.created({{"LAMP", 3}}), 1);
  step(lamp.allocated("o1", 3, "b1"), 1);
  step(lamp.deallocated("o1", 3, "b1"), 1);
  step(lamp.allocated("o1", 3, "b2"), 1);
  step(order.allocated(), 2);
  step(order.paid(), 3);
}

TEST_CASE("orders are listed the newest first, of a customer, of a status, or both") {
  ProjectedView view{read::orders_view()};
  OrderStream a{"a", "c1"}, b{"b", "c2"}, c{"c", "c1"}, d{"d", "c1"};
  view.given({a.created({{"LAMP"}}, "2026-01-01T00:00:00Z"), b.created({{"LAMP"}}, "2026-01-02T00:00:00Z"),
              c.created({{"LAMP"}}, "2026-01-04T00:00:00Z"), d.created({{"LAMP"}}, "2026-01-03T00:00:00Z"), a.paid(),
              b.paid(), b.shipped()});
  const auto listed = [&](http::Parameters filters) {
    return ids(view.rows({.filters = std::move(filters), .after = {}, .most = 0}));
  };
  CHECK(listed({}) == "c d b a ");
  CHECK(listed({{"customer_id", "c1"}}) == "c d a ");
  CHECK(listed({{"status", "created"}}) == "c d ");
  CHECK(listed({{"status", "paid"}, {"customer_id", "c1"}}) == "a ");
  CHECK(listed({{"status", "cancelled"}}).empty());
  CHECK(view.rows({.filters = {{"status", "shipped"}}, .after = {}, .most = 0}).at(0).json ==
        R"({"order_id":"b","customer_id":"c2","status":"shipped","total":{"currency":"GBP","minor_units":100},)"
        R"("version":3,"created_at":"2026-01-02T00:00:00.000Z"})");
}

TEST_CASE("pages of orders go on behind the last one, whatever was created or changed meanwhile") {
  ProjectedView view{read::orders_view()};
  for (int i = 0; i < 30; ++i) {  // three orders a day: the day alone does not tell them apart
    const auto day = "2026-01-" + std::to_string(10 + i / 3) + "T00:00:00Z";
    OrderStream order{"o" + std::to_string(10 + i)};
    view.given({order.created({{"LAMP"}}, day)});
    if (i % 2 == 0) view.given({order.paid()});
  }
  std::vector<std::string> after;
  std::string seen;
  for (int page = 0;; ++page) {
    const auto rows = view.rows({.filters = {}, .after = after, .most = 7});
    if (rows.empty()) break;
    seen += ids(rows);
    after = rows.back().key;
    view.given({OrderStream{"new" + std::to_string(page)}.created({{"LAMP"}}, "2026-02-01T00:00:00Z")});
  }
  std::string wanted;
  for (int i = 29; i >= 0; --i) wanted += "o" + std::to_string(10 + i) + ' ';
  CHECK(seen == wanted);
}

TEST_CASE("an order's history is every event of its own and of allocation that names it, in the order of time") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp;
  order.at("2026-01-01T00:00:00Z");
  lamp.at("2026-01-01T00:00:01Z");
  std::vector<Record> records{lamp.created("b1", 50),
                              lamp.allocated("o1", 3, "b1"),
                              lamp.allocated("o2", 3, "b1"),
                              order.created({{"LAMP", 3, 25}}),
                              order.at("2026-01-01T00:00:01Z").allocated(),
                              order.at("2026-01-01T00:00:02Z").paid(),
                              lamp.at("2026-01-01T00:00:03Z").deallocated("o1", 3, "b1")};
  records[3].headers.emplace_back("ce_causationid", "cmd-1");
  records[3].headers.emplace_back("ce_correlationid", "talk-1");
  view.given(records);
  constexpr std::size_t history = 1;
  std::string types;
  for (const auto& row : view.rows({.filters = {{"order_id", "o1"}}, .after = {}, .most = 0}, history)) {
    types += part(row.json.substr(row.json.find("\"type\":\"") + 8), "", "\"") + ' ';
  }
  CHECK(types ==
        "ordering.v1.OrderCreated allocation.v1.Allocated ordering.v1.OrderAllocated ordering.v1.OrderPaid "
        "allocation.v1.Deallocated ");
  const auto rows = view.rows({.filters = {{"order_id", "o1"}}, .after = {}, .most = 2}, history);
  CHECK(rows.at(0).json ==
        R"({"id":"o1-1","type":"ordering.v1.OrderCreated","stream":"order/o1","version":1,)"
        R"("time":"2026-01-01T00:00:00.000Z","causation_id":"cmd-1","correlation_id":"talk-1",)"
        R"("topic":"ordering.events","partition":0,"offset":3,"data":{"order_id":"o1","customer_id":"c1","items":[)"
        R"({"sku":"LAMP","quantity":3,"unit_price":{"currency":"GBP","minor_units":25}}],)"
        R"("total":{"currency":"GBP","minor_units":75}}})");
  CHECK_THAT(rows.at(1).json, Contains(R"("stream":"product/LAMP","version":2)") &&
                                  Contains(R"("data":{"order_id":"o1","sku":"LAMP","quantity":3,"batch_ref":"b1"})"));
  const auto next = view.rows({.filters = {{"order_id", "o1"}}, .after = rows.back().key, .most = 2}, history);
  CHECK_THAT(next.at(0).json, Contains("OrderAllocated"));
  CHECK_THAT(next.at(1).json, Contains("OrderPaid"));
}

TEST_CASE("an order as of a version is the last that it was before the next one") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp;
  std::vector<std::string> answers{"none"};
  const auto then = [&](Record record) {
    view.given({std::move(record)});
    answers.resize(static_cast<std::size_t>(order.version()) + 1);
    answers.back() = view.json("o1");
  };
  int second = 0;
  const auto tick = [&] {
    const auto time = "2026-01-01T00:00:0" + std::to_string(second++) + "Z";
    order.at(time);
    lamp.at(time);
  };
  for (int i = 0; i < 8; ++i) {
    tick();
    switch (i) {
      case 0:
        then(order.created({{"LAMP", 3}}));
        break;
      case 1:
        then(lamp.allocated("o1", 3, "b1"));
        break;
      case 2:
        then(order.allocated());
        break;
      case 3:
        then(order.paid());
        break;
      case 4:
        then(lamp.deallocated("o1", 3, "b1"));
        break;
      case 5:
        then(lamp.allocated("o1", 3, "b2"));
        break;
      case 6:
        then(order.allocated());
        break;
      default:
        then(order.shipped());
        break;
    }
  }
  for (std::int64_t version = 1; version <= order.version(); ++version) {
    CHECK(view.json_at("o1", version) == answers[static_cast<std::size_t>(version)]);
  }
  CHECK(view.json_at("o1", order.version() + 1) == "none");
}

TEST_CASE("an order as of a time is what had happened up to it, that moment included") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  Stream lamp;
  view.given({order.at("2026-01-01T00:00:00Z").created({{"LAMP", 3}})});
  const auto created = view.json("o1");
  view.given({lamp.at("2026-01-02T00:00:00Z").allocated("o1", 3, "b1")});
  const auto allocated = view.json("o1");
  view.given({order.at("2026-01-03T00:00:00Z").paid()});
  CHECK(view.json_at("o1", "2025-12-31T23:59:59Z") == "none");
  CHECK(view.json_at("o1", "2026-01-01T00:00:00Z") == created);
  CHECK(view.json_at("o1", "2026-01-01T23:59:59.999Z") == created);
  CHECK(view.json_at("o1", "2026-01-02T00:00:00Z") == allocated);
  CHECK(view.json_at("o1", "2026-01-03T00:00:00Z") == view.json("o1"));
  CHECK(view.json_at("o1", "2999-01-01T00:00:00Z") == view.json("o1"));
}

TEST_CASE("a sender's clock that goes back does not change what came before what in a stream") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  view.given({order.at("2026-01-05T00:00:00Z").created({{"LAMP"}}), order.at("2026-01-01T00:00:00Z").paid()});
  CHECK(view.json_at("o1", "2026-01-03T00:00:00Z") == "none");
  CHECK_THAT(view.json_at("o1", "2026-01-05T00:00:00Z"), Contains(R"("status":"paid")"));
}

TEST_CASE("an event of an order that was never created fails the view by name") {
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1"};
  order.created({{"LAMP"}});
  CHECK_THROWS_WITH(view.given({order.paid()}), Contains("there is no order o1") && Contains("ordering.v1.OrderPaid"));
}
