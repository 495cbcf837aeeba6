// What the views of customers and of dead letters make of their records, and that of orders of sealed customers.
#include <catch2/catch.hpp>
#include <set>

#include "read-service/views/customers_view.h"
#include "read-service/views/dead_letters_view.h"
#include "read-service/views/orders_view.h"
#include "tests/views/projected_view.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

TEST_CASE("a customer shows how many orders he made, and what those not cancelled are worth") {
  ProjectedView view{read::customers_view()};
  OrderStream a{"a"}, b{"b"}, other{"x", "c2"};
  view.given({a.created({{"LAMP", 2, 50}}), b.created({{"LAMP", 1, 7}, {"CHAIR", 1, 3}}),
              other.created({{"LAMP", 1, 1'000'000}}), a.allocated(), a.paid()});
  CHECK(view.json("c1") == R"({"customer_id":"c1","orders":2,"cancelled_orders":0,)"
                           R"("spend":[{"currency":"GBP","minor_units":110}],"version":2})");
  view.given({a.cancelled("why not")});
  CHECK(view.json("c1") == R"({"customer_id":"c1","orders":2,"cancelled_orders":1,)"
                           R"("spend":[{"currency":"GBP","minor_units":10}],"version":3})");
  CHECK(view.resource("c1").version == 3);
  CHECK(view.resource("c1").etag == "3");
  CHECK(view.json("c3") == "none");
}

TEST_CASE("a customer is a VIP since the event that says so, also when it is read before his orders") {
  ProjectedView view{read::customers_view()};
  view.given({became_vip("c1", "2026-01-31T12:00:00Z")});
  CHECK(view.json("c1") == R"({"customer_id":"c1","orders":0,"cancelled_orders":0,"spend":[],)"
                           R"("vip_since":"2026-01-31T12:00:00.000Z","version":1})");
  view.given({OrderStream{"a"}.created({{"LAMP"}})});
  CHECK_THAT(view.json("c1"), Contains(R"("orders":1,)") && Contains(R"("vip_since":"2026-01-31T12:00:00.000Z")"));
}

TEST_CASE("an order counts for a sealed customer once his own stream names it, whichever topic is read first") {
  const auto at = GENERATE(0, 1, 2);
  ProjectedView view{read::customers_view()};
  OrderStream order{"a", ""};
  std::vector<Record> records{order.created({{"LAMP", 2, 50}}), order.cancelled("no")};
  records.insert(records.begin() + at, recorded("sealed-x", order));
  view.given(records);
  CHECK(view.json("sealed-x") == R"({"customer_id":"sealed-x","orders":1,"cancelled_orders":1,)"
                                 R"("spend":[{"currency":"GBP","minor_units":0}],"version":2})");
  OrderStream next{"b", ""};
  const auto created = next.created({{"LAMP", 1, 7}});
  view.given({recorded("sealed-x", next, 2), created});
  CHECK_THAT(view.json("sealed-x"), Contains(R"("orders":2,)") && Contains(R"("minor_units":7)"));
}

TEST_CASE("an order counts once for a customer who is named by its creation and by his own stream") {
  const bool recorded_first = GENERATE(false, true);
  ProjectedView view{read::customers_view()};
  OrderStream order{"a", "sealed-by-nobody"};
  std::vector<Record> records{order.created({{"LAMP", 1, 50}})};
  records.insert(recorded_first ? records.begin() : records.end(), recorded("sealed-by-nobody", order));
  view.given(records);
  CHECK_THAT(view.json("sealed-by-nobody"), Contains(R"("orders":1,)") && Contains(R"("minor_units":50)"));
}

TEST_CASE("an order of a sealed customer says whose it is once that is known, whichever topic is read first") {
  const bool known_first = GENERATE(false, true);
  ProjectedView view{read::orders_view()};
  OrderStream order{"o1", ""};
  const auto created = order.created({{"LAMP"}});
  if (!known_first) {
    view.given({created});
    CHECK_THAT(view.json("o1"), Contains(R"("customer_id":"",)"));
  }
  const auto before = view.resource("o1").etag;
  view.given({recorded("sealed-x", order)});
  if (known_first) view.given({created});
  CHECK_THAT(view.json("o1"), Contains(R"("customer_id":"sealed-x",)"));
  CHECK(view.resource("o1").etag != before);
  CHECK(view.rows({.filters = {{"customer_id", "sealed-x"}}, .after = {}, .most = 0}).size() == 1);
}

TEST_CASE("amounts beyond 64 bits are summed to the last unit, and come back when the orders are cancelled") {
  ProjectedView view{read::customers_view()};
  constexpr std::int64_t most = 9'223'372'036'854'775'807;
  OrderStream a{"a"}, b{"b"}, c{"c"};
  view.given({a.created({{"LAMP", 1, most}}), b.created({{"LAMP", 1, most}}), c.created({{"LAMP", 1, 3}})});
  CHECK_THAT(view.json("c1"), Contains(R"("minor_units":18446744073709551617})"));
  view.given({a.cancelled("")});
  CHECK_THAT(view.json("c1"), Contains(R"("minor_units":9223372036854775810})"));
  view.given({b.cancelled("")});
  CHECK_THAT(view.json("c1"), Contains(R"("minor_units":3})"));
}

TEST_CASE("a dead letter shows why, where it came from and what it was") {
  ProjectedView view{read::dead_letters_view()};
  view.given({dead_letter(R"({"sku": "LÄMP"})", "INVALID_COMMAND", "2026-01-31T12:00:00Z")});
  CHECK(view.json("0/0") ==
        R"({"position":"0/0","time":"2026-01-31T12:00:00.000Z","reason":"INVALID_COMMAND",)"
        R"("detail":"it \"cannot\" be read","original":{"topic":"allocation.commands","partition":3,"offset":17},)"
        R"("type":"allocation.v1.Allocate","command_id":"cmd-1","key":"LAMP","content_type":"application/json",)"
        R"("payload_bytes":16,"payload_truncated":false,"payload_encoding":"json","payload":"{\"sku\": \"LÄMP\"}"})");
  for (const char* nowhere : {"0/1", "1/0", "0", "0/x", "x/0", "/", "0/0/0"}) CHECK(view.json(nowhere) == "none");
}

TEST_CASE("a payload that is no JSON, or does not say that it is, is given in base64") {
  ProjectedView view{read::dead_letters_view()};
  auto protobuf = dead_letter("{}", "UNREADABLE", "2026-01-31T12:00:00Z");
  protobuf.headers[2].second = "application/protobuf";
  view.given({dead_letter("{\"sku\": ", "UNREADABLE", "2026-01-31T12:00:00Z"),
              dead_letter("\"\xFF\"", "UNREADABLE", "2026-01-31T12:00:00Z"), protobuf,
              dead_letter("", "UNREADABLE", "2026-01-31T12:00:00Z"),
              dead_letter("{} {}", "UNREADABLE", "2026-01-31T12:00:00Z")});
  CHECK_THAT(view.json("0/0"), Contains(R"("payload_encoding":"base64","payload":"eyJza3UiOiA="})"));
  CHECK_THAT(view.json("0/1"), Contains(R"("payload_encoding":"base64","payload":"Iv8i"})"));
  CHECK_THAT(view.json("0/2"), Contains(R"("payload_encoding":"base64","payload":"e30="})"));
  CHECK_THAT(view.json("0/3"), Contains(R"("payload_encoding":"base64","payload":""})"));
  CHECK_THAT(view.json("0/4"), Contains(R"("payload_encoding":"base64","payload":"e30ge30="})"));
}

TEST_CASE("what is kept of a dead letter is bounded, whatever it holds") {
  ProjectedView view{read::dead_letters_view()};
  auto huge = dead_letter('"' + std::string(1'000'000, 'a') + "ä\"", "UNREADABLE", "2026-01-31T12:00:00Z");
  huge.headers[1].second = std::string(100'000, '\xFF');
  huge.headers[0].second = "a\xC3(\xF0\x9F\x98\x80";
  auto deep = dead_letter(std::string(500'000, '[') + std::string(500'000, ']'), "", "no time");
  deep.headers.erase(deep.headers.begin() + 5, deep.headers.begin() + 8);
  deep.timestamp_ms = 1'000;
  auto shortened = dead_letter("{", "TOO_LARGE", "2026-01-31T12:00:00Z");
  shortened.headers.emplace_back("dlq-truncated", "5000000");
  view.given({huge, deep, shortened});
  CHECK_THAT(view.json("0/0"), Contains(R"("payload_bytes":1000004,"payload_truncated":true)") &&
                                   Contains("\"command_id\":\"a\uFFFD(\U0001F600\""));
  CHECK(view.json("0/0").size() < 21'000);
  CHECK_THAT(view.json("0/1"), Contains(R"("time":"1970-01-01T00:00:01.000Z")") &&
                                   Contains(R"("original":{"topic":"","partition":null,"offset":null})") &&
                                   Contains(R"("payload_encoding":"json","payload":"[[[)"));
  CHECK_THAT(view.json("0/2"), Contains(R"("payload_bytes":5000000,"payload_truncated":true)"));
}

TEST_CASE("dead letters are listed the newest first, by reason, topic or both, without their payload") {
  ProjectedView view{read::dead_letters_view()};
  auto elsewhere = dead_letter("{}", "UNREADABLE", "2026-01-03T00:00:00Z");
  elsewhere.headers[5].second = "ordering.commands";
  view.given({dead_letter("{}", "UNREADABLE", "2026-01-01T00:00:00Z"),
              dead_letter("{}", "INVALID_COMMAND", "2026-01-04T00:00:00Z"), elsewhere,
              dead_letter("{}", "UNREADABLE", "2026-01-01T00:00:00Z")});
  const auto listed = [&](http::Parameters filters, std::vector<std::string> after = {}) {
    std::string found;
    for (const auto& row : view.rows({.filters = std::move(filters), .after = std::move(after), .most = 0})) {
      found += row.key.at(2) + ' ';
    }
    return found;
  };
  CHECK(listed({}) == "1 2 3 0 ");
  CHECK(listed({{"reason", "UNREADABLE"}}) == "2 3 0 ");
  CHECK(listed({{"topic", "allocation.commands"}}) == "1 3 0 ");
  CHECK(listed({{"topic", "allocation.commands"}, {"reason", "UNREADABLE"}}) == "3 0 ");
  const auto first = view.rows({.filters = {}, .after = {}, .most = 2});
  CHECK(listed({}, first.back().key) == "3 0 ");
  CHECK_THAT(first.front().json, !Contains("\"payload\""));
}
