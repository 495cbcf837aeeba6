// The routes as a stranger uses them: waiting for a version, ETags, pages, and every way to ask wrongly.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <set>

#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

rapidjson::Document parse(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

// Every 4xx and 5xx is a problem document that says the same status, and where.
void check_problem(const Reply& reply, int status, const std::string& names) {
  INFO(reply.body);
  CHECK(reply.status == status);
  CHECK(reply.headers.at("content-type") == "application/problem+json");
  const auto problem = parse(reply.body);
  CHECK(problem["status"].GetInt() == status);
  for (const char* member : {"type", "title", "detail", "instance"}) CHECK(problem.HasMember(member));
  CHECK_THAT(problem["detail"].GetString(), Contains(names));
}

}  // namespace

TEST_CASE("asking for a version that is not there yet waits for it, and no longer") {
  RunningService service;
  Stream lamp;
  service.topics.publish(lamp.created("b1", 50));
  service.until_ready();
  Connection waiting{service.port()}, for_order{service.port()};
  waiting.send("GET /batches/b1?min_version=2&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  for_order.send("GET /allocations/o1?min_version=2&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(service.get("/batches/b1?min_version=1").status == 200);  // others are served meanwhile
  const auto before = std::chrono::steady_clock::now();
  service.topics.publish(lamp.allocated("o1", 3, "b1"));
  CHECK_THAT(waiting.receive().body, Contains(R"("allocated":3)"));
  CHECK(for_order.receive().status == 200);
  CHECK(std::chrono::steady_clock::now() - before < 10s);
}

TEST_CASE("a version that does not come in time is a 504 with the lag") {
  RunningService service;
  Stream lamp;
  service.topics.publish(lamp.created("b1", 50));
  service.until_ready();
  const auto before = std::chrono::steady_clock::now();
  const auto late = service.get("/products/LAMP?min_version=9&wait=0.2");
  CHECK(std::chrono::steady_clock::now() - before >= 200ms);
  check_problem(late, 504, "does not hold that version yet");
  const auto problem = parse(late.body);
  CHECK(problem["current_version"].GetInt() == 1);
  CHECK(problem["wanted_version"].GetInt() == 9);
  CHECK(problem["lag_messages"].GetInt() == 0);
  check_problem(service.get("/products/LAMP?min_version=9"), 504, "version");  // without wait: at once
}

TEST_CASE("a batch that does not exist yet can be waited for") {
  RunningService service;
  Stream lamp;
  service.until_ready();
  Connection waiting{service.port()};
  waiting.send("GET /batches/b2?min_version=2&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  service.topics.publish(lamp.created("b1", 50));
  service.topics.publish(lamp.created("b2", 60));
  CHECK_THAT(waiting.receive().body, Contains(R"("quantity":60)"));
}

TEST_CASE("an order that waits for stock is answered with 404 as soon as the view knows") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 1), lamp.out_of_stock("o1", 5, true)});
  check_problem(service.get("/allocations/o1?min_version=2&wait=20"), 404, "there is no allocation of order o1");
}

TEST_CASE("a command's result can be waited for by its id alone") {
  RunningService service;
  service.until_ready();
  Connection waiting{service.port()};
  waiting.send("GET /commands/c1?wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  check_problem(service.get("/commands/c1"), 404, "there is no result of command c1");
  service.topics.publish(accepted("c1"));
  CHECK_THAT(waiting.receive().body, Contains(R"("command_id":"c1")"));
}

TEST_CASE("hundreds can wait at once without holding anything up") {
  RunningService service;
  Stream lamp;
  service.topics.publish(lamp.created("b1", 1'000));
  service.until_ready();
  std::vector<std::unique_ptr<Connection>> waiting;
  for (int i = 0; i < 200; ++i) {
    waiting.push_back(std::make_unique<Connection>(service.port()));
    waiting.back()->send("GET /products/LAMP?min_version=2&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  CHECK(service.get("/products/LAMP").status == 200);
  service.topics.publish(lamp.allocated("o1", 1, "b1"));
  for (auto& one : waiting) CHECK(one->receive().status == 200);
}

TEST_CASE("those who wait get an answer when the service ends") {
  RunningService service;
  service.until_ready();
  Connection waiting{service.port()};
  waiting.send("GET /products/LAMP?min_version=2&wait=20 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(service.get("/healthz").status == 200);
  const auto before = std::chrono::steady_clock::now();
  std::thread stopper{[&] { service.stop(); }};
  const auto reply = waiting.receive();
  stopper.join();
  CHECK((reply.status == 504 || reply.status == 0));  // 0: the request had not been read yet
  CHECK(std::chrono::steady_clock::now() - before < 8s);
}

TEST_CASE("an answer has an ETag, and who has it already gets a 304 until it changes") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1"), accepted("c1")});
  service.until_ready();
  for (const std::string path : {"/batches/b1", "/products/LAMP", "/allocations/o1", "/commands/c1"}) {
    const auto first = service.get(path);
    CHECK(first.headers.at("cache-control") == "no-cache");
    const auto tag = first.headers.at("etag");
    const auto second = service.get(path, "If-None-Match: \"other\", " + tag + "\r\n");
    CHECK(second.status == 304);
    CHECK(second.headers.at("etag") == tag);
    CHECK(service.get(path, "If-None-Match: W/\"0-0\"\r\n").status == 200);
  }
  const auto tag = service.get("/batches/b1").headers.at("etag");
  service.topics.publish(lamp.allocated("o2", 3, "b1"));
  CHECK(service.get("/batches/b1?min_version=3&wait=20", "If-None-Match: " + tag + "\r\n").status == 200);
}

TEST_CASE("pages hold every row once while rows come and go") {
  RunningService service;
  Stream lamp;
  std::vector<Record> records{lamp.created("b1", 10'000)};
  const auto id = [](int i) { return "o" + std::to_string(1'000 + i); };
  for (int i = 0; i < 100; i += 2) records.push_back(lamp.allocated(id(i), 1, "b1"));
  service.topics.publish(records);
  service.until_ready();
  std::multiset<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto reply = service.get("/allocations?sku=LAMP&limit=7" + (token.empty() ? "" : "&page_token=" + token));
    REQUIRE(reply.status == 200);
    const auto page = parse(reply.body);
    for (const auto& item : page["items"].GetArray()) seen.insert(item["order_id"].GetString());
    token = page.HasMember("next_page_token") ? page["next_page_token"].GetString() : "";
    // Between two pages: a row behind the reader, one before it, and one taken away that was seen.
    service.topics.publish(
        {lamp.allocated(id(1), 1, "b1"), lamp.allocated(id(99), 1, "b1"), lamp.deallocated(id(0), 1, "b1")});
    CHECK(service.get("/products/LAMP?wait=20&min_version=" + std::to_string(lamp.version())).status == 200);
    ++pages;
  } while (!token.empty());
  CHECK(pages == 8);
  for (int i = 0; i < 100; i += 2) CHECK(seen.count(id(i)) == 1);
  CHECK(seen.count(id(1)) == 0);
  CHECK(seen.count(id(99)) == 1);
}

TEST_CASE("the last page has no token, and a token carries its filter") {
  RunningService service;
  Stream lamp, chair{"CHAIR"};
  service.topics.publish({lamp.created("b1", 1), lamp.created("b2", 1), chair.created("b3", 1), lamp.created("b4", 1)});
  service.until_ready();
  const auto first = parse(service.get("/batches?sku=LAMP&limit=2").body);
  CHECK(first["items"].Size() == 2);
  const std::string token = first["next_page_token"].GetString();
  const auto second = parse(service.get("/batches?limit=2&page_token=" + token).body);
  CHECK(second["items"].Size() == 1);
  CHECK(second["items"][0]["batch_ref"] == "b4");
  CHECK_FALSE(second.HasMember("next_page_token"));
  check_problem(service.get("/batches?sku=CHAIR&page_token=" + token), 400, "page_token");
  check_problem(service.get("/allocations?page_token=" + token), 400, "page_token");
  CHECK_FALSE(parse(service.get("/batches?limit=4").body).HasMember("next_page_token"));
}

TEST_CASE("wrong parameters are refused by name") {
  RunningService service;
  service.topics.publish(Stream{}.created("b1", 50));
  service.until_ready();
  for (const std::string limit : {"0", "1001", "-1", "ten", "1e2", "5.0", "99999999999999999999", "%31%30x"}) {
    check_problem(service.get("/batches?limit=" + limit), 400, "limit");
  }
  for (const std::string token : {"x", "AAAA", "!!", "bm90IGEgdG9rZW4", "%00"}) {
    check_problem(service.get("/batches?page_token=" + token), 400, "page_token");
  }
  check_problem(service.get("/batches?colour=red"), 400, "colour");
  check_problem(service.get("/batches/b1?limit=5"), 400, "limit");
  check_problem(service.get("/batches?sku="), 400, "sku");
  check_problem(service.get("/batches?limit=5&limit=6"), 400, "limit is given twice");
  check_problem(service.get("/batches?sku=%ZZ"), 400, "percent-encoding");
  check_problem(service.get("/batches?sku=%FF"), 400, "UTF-8");
  for (const std::string version : {"0", "-1", "two", ""}) {
    check_problem(service.get("/batches/b1?min_version=" + version), 400, "min_version");
  }
  for (const std::string wait : {"-1", "31", "long", "nan", "inf", "1e9"}) {
    check_problem(service.get("/batches/b1?min_version=1&wait=" + wait), 400, "wait");
  }
  check_problem(service.get("/batches/b1?wait=1"), 400, "min_version");
  CHECK(service.get("/batches?limit=1000").status == 200);
}

TEST_CASE("what is not there is a 404, and a wrong method a 405 that names the right ones") {
  RunningService service;
  service.until_ready();
  check_problem(service.get("/nowhere"), 404, "/nowhere");
  check_problem(service.get("/batches/"), 404, "/batches/");
  check_problem(service.get("/batches/a/b"), 404, "/batches/a/b");
  check_problem(service.get("/batches/b9"), 404, "there is no batch b9");
  check_problem(service.get("/products/%C3%84PFEL"), 404, "there is no product ÄPFEL");
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const auto reply = Connection{service.port()}.request(method, "/batches", "Content-Length: 0\r\n");
    check_problem(reply, 405, method);
    CHECK(reply.headers.at("allow") == "GET, HEAD");
  }
}

TEST_CASE("odd identifiers are data, not syntax") {
  RunningService service;
  Stream odd{"A/B \"ö\" %"};
  service.topics.publish(odd.created("'; DROP TABLE batches; --", 1));
  service.until_ready();
  const auto reply = service.get("/products/A%2FB%20%22%C3%B6%22%20%25");
  CHECK(reply.status == 200);
  CHECK(parse(reply.body)["sku"] == "A/B \"ö\" %");
  CHECK(service.get("/batches/%27%3B%20DROP%20TABLE%20batches%3B%20--").status == 200);
  CHECK(service.get("/batches?sku=A%2FB+%22%C3%B6%22+%25").body.find("DROP") != std::string::npos);
}

TEST_CASE("the service describes itself") {
  RunningService service;
  service.until_ready();
  CHECK(parse(service.get("/openapi.json").body)["openapi"] == "3.1.0");
  CHECK_THAT(service.get("/").body, Contains("/assets/app.js"));
  CHECK_THAT(service.get("/metrics").body,
             Contains(R"(orderly_http_requests_total{route="GET /openapi.json",status="200"} )"));
}

TEST_CASE("another origin may read only when it is allowed to") {
  RunningService service;
  service.until_ready();
  CHECK_FALSE(service.get("/batches").headers.contains("access-control-allow-origin"));
  service.cors_origin = "https://shop.example";
  service.restart();
  service.until_ready();
  CHECK(service.get("/batches").headers.at("access-control-allow-origin") == "https://shop.example");
  const auto preflight = Connection{service.port()}.request("OPTIONS", "/batches");
  CHECK(preflight.status == 200);
  CHECK_THAT(preflight.headers.at("access-control-allow-methods"), Contains("GET"));
}
