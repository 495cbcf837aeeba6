// Orders, their history and the past over HTTP: the parameters, the refusals, waiting and paging.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "tests/views/breakable.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

namespace {

void check_problem(const Reply& reply, int status, const std::string& names) {
  INFO(reply.body);
  CHECK(reply.status == status);
  CHECK(reply.headers.at("content-type") == "application/problem+json");
  CHECK_THAT(reply.body, Contains(names));
}

// o1: created on the 1st, allocated on the 2nd, paid on the 3rd.
struct Shop {
  RunningService service;
  OrderStream order{"o1"};
  Stream lamp;
  Shop() {
    service.topics.publish(
        {lamp.at("2026-01-01T00:00:00Z").created("b1", 50), order.at("2026-01-01T00:00:00Z").created({{"LAMP", 3}}),
         lamp.at("2026-01-02T00:00:00Z").allocated("o1", 3, "b1"), order.at("2026-01-03T00:00:00Z").paid()});
    service.until_ready();
  }
};

}  // namespace

TEST_CASE("an order and a product as of a time or a version") {
  const Shop shop;
  const auto get = [&](const std::string& target) { return shop.service.get(target); };
  const auto present = get("/orders/o1");
  CHECK_THAT(present.body, Contains(R"("status":"paid")"));
  CHECK_THAT(get("/orders/o1?as_of=2026-01-02T12:00:00Z").body, Contains(R"("status":"created")"));
  CHECK_THAT(get("/orders/o1?as_of=2026-01-01T12:00:00Z").body, Contains(R"("allocation_status":"pending")"));
  CHECK_THAT(get("/orders/o1?as_of_version=1").body, Contains(R"("allocation_status":"allocated")"));
  CHECK(get("/orders/o1?as_of_version=2").body == present.body);
  CHECK_THAT(get("/products/LAMP?as_of_version=1").body, Contains(R"("allocated":0)"));
  CHECK_THAT(get("/products/LAMP?as_of=2026-01-01T23:00:00-01:00").body, Contains(R"("allocated":3)"));
  CHECK_THAT(get("/products/LAMP?as_of=2026-01-02T00:30:00+01:00").body, Contains(R"("allocated":0)"));
  CHECK_THAT(get("/products/LAMP?as_of=2026-01-02T01:00:00%2B01:00").body, Contains(R"("allocated":3)"));
  const auto then = get("/orders/o1?as_of_version=1");
  const auto again =
      shop.service.get("/orders/o1?as_of_version=1", "If-None-Match: " + then.headers.at("etag") + "\r\n");
  CHECK(again.status == 304);
  CHECK(then.headers.at("etag") != present.headers.at("etag"));
}

TEST_CASE("what was not there then is a 404 that says so, and what is no moment a 400") {
  const Shop shop;
  const auto get = [&](const std::string& target) { return shop.service.get(target); };
  check_problem(get("/orders/o1?as_of=2025-12-31T23:59:59Z"), 404, "there was no order o1 at 2025-12-31T23:59:59.000Z");
  check_problem(get("/orders/o1?as_of_version=3"), 404, "order o1 has no version 3");
  check_problem(get("/orders/o2?as_of_version=1"), 404, "there is no order o2");
  check_problem(get("/products/LAMP?as_of_version=3"), 404, "product LAMP has no version 3");
  check_problem(get("/products/LAMP?as_of=2025-01-01T00:00:00Z"), 404, "there was no product LAMP at 2025-01-01");
  for (const std::string time : {"yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "1",
                                 "2026-01-01T25:00:00Z", "2026-01-01T00:00:00Z%00", "-1"}) {
    check_problem(get("/orders/o1?as_of=" + time), 400, "as_of: an RFC 3339 time");
  }
  for (const std::string version : {"0", "-1", "two", "1.5", "99999999999999999999"}) {
    check_problem(get("/orders/o1?as_of_version=" + version), 400, "as_of_version: a positive number");
  }
  check_problem(get("/orders/o1?as_of_version=1&as_of=2026-01-01T00:00:00Z"), 400, "not both");
  check_problem(get("/batches/b1?as_of_version=1"), 400, "unknown query parameter as_of_version");
  check_problem(get("/customers/c1?as_of=2026-01-01T00:00:00Z"), 400, "unknown query parameter as_of");
}

TEST_CASE("a version that is still to come can be waited for, and then asked for as of then") {
  Shop shop;
  Connection waiting{shop.service.port()};
  waiting.send("GET /orders/o1?as_of_version=2&min_version=3&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(shop.service.get("/healthz").status == 200);
  shop.service.topics.publish(shop.order.at("2026-01-04T00:00:00Z").shipped());
  const auto reply = waiting.receive();
  CHECK(reply.status == 200);
  CHECK_THAT(reply.body, Contains(R"("status":"paid")"));
}

TEST_CASE("a history comes in pages, each event once, and a page goes on with its own order alone") {
  Shop shop;
  OrderStream other{"o2"};
  shop.service.topics.publish({other.created({{"LAMP", 1}}), other.paid(), other.shipped()});
  shop.service.until_ready();
  std::string types, target = "/orders/o1/history?limit=1", token;
  for (int page = 0; page < 3; ++page) {
    const auto reply = shop.service.get(target);
    rapidjson::Document json;
    json.Parse(reply.body.data(), reply.body.size());
    REQUIRE(json["items"].Size() == 1);
    types += std::string{json["items"][0]["type"].GetString()} + ' ';
    if (json.HasMember("next_page_token")) token = json["next_page_token"].GetString();
    CHECK(json.HasMember("next_page_token") == (page < 2));
    target = "/orders/o1/history?limit=1&page_token=" + token;
  }
  CHECK(types == "ordering.v1.OrderCreated allocation.v1.Allocated ordering.v1.OrderPaid ");
  check_problem(shop.service.get("/orders/o2/history?page_token=" + token), 400, "page_token");
  check_problem(shop.service.get("/orders/o3/history"), 404, "there is no order o3");
  check_problem(shop.service.get("/orders/o1/history?order_id=o1"), 400, "unknown query parameter order_id");
}

TEST_CASE("lists of orders and dead letters refuse what is no filter of theirs") {
  const Shop shop;
  check_problem(shop.service.get("/orders?status=lost"), 400, "status: created, paid, shipped or cancelled wanted");
  check_problem(shop.service.get("/orders?colour=red"), 400, "colour");
  CHECK_THAT(shop.service.get("/orders?status=paid&customer_id=c1").body, Contains(R"("order_id":"o1")"));
  CHECK_THAT(shop.service.get("/dead-letters?reason=NONE").body, Contains(R"({"items":[]})"));
  check_problem(shop.service.get("/dead-letters/0/17"), 404, "there is no dead letter 0/17");
  check_problem(shop.service.get("/dead-letters/x"), 404, "there is no /dead-letters/x here");
}

TEST_CASE("an orders view that fails leaves all others alone") {
  RunningService service;
  OrderStream order{"o1"}, lost{"o2"};
  lost.created({{"LAMP"}});
  service.topics.publish({order.created({{"LAMP"}})});
  service.until_ready();
  service.topics.publish({lost.paid(), Stream{}.created("b1", 50)});
  CHECK(service.get("/batches/b1?min_version=1&wait=20").status == 200);
  RunningService::until([&] { return service.get("/readyz").body.find("there is no order o2") != std::string::npos; });
  CHECK_THAT(service.get("/readyz").body, Contains(R"({"name":"view customers","ready":true})"));
  CHECK(service.get("/orders/o1").status == 200);
  service.topics.publish({order.cancelled("why not")});
  CHECK_THAT(service.get("/customers/c1?min_version=2&wait=20").body, Contains(R"("cancelled_orders":1)"));
}

TEST_CASE("dead letters of any kind are no unknown events, and hold nothing up") {
  RunningService service;
  auto odd = dead_letter("\xFF", "UNREADABLE", "2026-01-31T12:00:00Z");
  odd.headers[1] = {"ce_type", "\xFE\xFF"};
  odd.headers.emplace_back("ce_streamversion", "minus one");
  service.topics.publish({odd, dead_letter("{}", "INVALID_COMMAND", "2026-01-31T12:00:00Z")});
  service.until_ready();
  CHECK_THAT(service.get("/dead-letters/0/0?wait=20").body,
             Contains(R"("payload_encoding":"base64","payload":"/w==")"));
  CHECK_THAT(service.get("/dead-letters").body, Contains(R"("position":"0/1")"));
  CHECK_THAT(service.get("/metrics").body, !Contains("orderly_view_unknown_events_total{"));
}
