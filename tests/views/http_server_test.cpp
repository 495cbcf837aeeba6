// The HTTP server by itself: answers given later, limits, rude clients, health.
#include <zlib.h>

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "common/http/endpoint.h"
#include "common/http/health.h"
#include "common/http/problem.h"
#include "common/http/server.h"
#include "tests/views/http_client.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

http::ServerOptions quick() {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.read_timeout = 1'000ms;
  return options;
}

struct Echo {
  explicit Echo(http::ServerOptions options = quick()) : server(std::move(options), log::Logger::silent()) {
    server.get("/echo/:word", [](const http::Request& request, const http::Responder& responder) {
      responder.send({.status = 200,
                      .headers = {{"Content-Type", "text/plain"}, {"ETag", "\"1\""}},
                      .body = request.parameters.at("word")});
    });
    server.get("/long", [](const http::Request&, const http::Responder& responder) {
      responder.send(http::json_response(std::string(100'000, 'a')));
    });
    server.get("/throws", [](const http::Request&, const http::Responder&) { throw std::runtime_error{"secret"}; });
    server.get("/drops", [](const http::Request&, const http::Responder&) {});
    server.post("/size", [](const http::Request& request, const http::Responder& responder) {
      responder.send({.status = 200, .headers = {}, .body = std::to_string(request.body.size())});
    });
    server.start();
  }
  http::Server server;
};

std::string gunzip(const std::string& packed) {
  z_stream stream{};
  std::string text(1'000'000, '\0');
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int code = inflate(&stream, Z_FINISH);
  text.resize(code == Z_STREAM_END ? stream.total_out : 0);
  inflateEnd(&stream);
  return text;
}

}  // namespace

TEST_CASE("a handler may answer later, from another thread, and many at once do not hold the server up") {
  auto options = quick();
  options.threads = 1;
  http::Server server{options, log::Logger::silent()};
  std::mutex mutex;
  std::vector<http::Responder> later;
  server.get("/later", [&](const http::Request&, http::Responder responder) {
    const std::lock_guard lock{mutex};
    later.push_back(std::move(responder));
  });
  server.get("/now", [](const http::Request&, const http::Responder& responder) { responder.send({}); });
  server.start();
  std::vector<std::unique_ptr<Connection>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::make_unique<Connection>(server.port()));
    waiting.back()->send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  CHECK(get(server.port(), "/now").status == 200);
  const auto arrived = [&] {
    const std::lock_guard lock{mutex};
    return later.size() == waiting.size();
  };
  while (!arrived()) std::this_thread::yield();
  std::thread{[&] {
    for (const auto& responder : later) responder.send({.status = 202, .headers = {}, .body = "done"});
  }}.join();
  for (auto& one : waiting) CHECK(one->receive().status == 202);
}

TEST_CASE("a connection is used again, and pipelined requests are answered in order") {
  const Echo echo;
  Connection connection{echo.server.port()};
  for (const std::string word : {"a", "b", "c"}) CHECK(connection.request("GET", "/echo/" + word).body == word);
  connection.send("GET /echo/one HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/two HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(connection.receive().body == "one");
  CHECK(connection.receive().body == "two");
}

TEST_CASE("HEAD is GET without the body") {
  const Echo echo;
  Connection connection{echo.server.port()};
  const auto head = connection.request("HEAD", "/echo/word");
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "4");
  CHECK(connection.request("GET", "/echo/word").body == "word");  // nothing was left on the wire
}

TEST_CASE("a 304 has no body, and the connection goes on") {
  const Echo echo;
  Connection connection{echo.server.port()};
  CHECK(connection.request("GET", "/echo/word", "If-None-Match: \"1\"\r\n").status == 304);
  CHECK(connection.request("GET", "/echo/word", "If-None-Match: *\r\n").status == 304);
  CHECK(connection.request("GET", "/echo/word", "If-None-Match: \"11\"\r\n").body == "word");
}

TEST_CASE("long answers are packed for those who take it") {
  const Echo echo;
  const auto packed = get(echo.server.port(), "/long", "Accept-Encoding: br, gzip;q=0.8\r\n");
  CHECK(packed.headers.at("content-encoding") == "gzip");
  CHECK_THAT(packed.headers.at("vary"), Contains("Accept-Encoding"));
  CHECK(packed.body.size() < 2'000);
  CHECK(gunzip(packed.body) == std::string(100'000, 'a'));
  CHECK(get(echo.server.port(), "/long").body.size() == 100'000);
  CHECK(get(echo.server.port(), "/long", "Accept-Encoding: gzip;q=0\r\n").body.size() == 100'000);
  CHECK_FALSE(get(echo.server.port(), "/echo/short", "Accept-Encoding: gzip\r\n").headers.contains("content-encoding"));
}

TEST_CASE("a handler that throws or forgets to answer gives a 500 without its secrets") {
  const Echo echo;
  const auto thrown = get(echo.server.port(), "/throws");
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("secret") == std::string::npos);
  CHECK(get(echo.server.port(), "/drops").status == 500);
  CHECK(get(echo.server.port(), "/echo/word").status == 200);
}

TEST_CASE("oversized requests are refused, others served") {
  const Echo echo;
  const auto port = echo.server.port();
  CHECK(get(port, "/echo/" + std::string(9'000, 'x')).status == 414);
  CHECK(get(port, "/echo/" + std::string(100'000, 'x')).status == 0);  // closed
  std::string headers;
  for (int i = 0; i < 20; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(1'000, 'x') + "\r\n";
  CHECK(get(port, "/echo/word", headers).status == 431);
  CHECK(get(port, "/echo/word", "X: " + std::string(200'000, 'x') + "\r\n").status == 0);
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "X-" + std::to_string(i) + ": x\r\n";
  CHECK(get(port, "/echo/word", many).status == 0);
  CHECK(Connection{port}.request("POST", "/size", "Content-Length: 99999999999\r\n").status == 0);
  Connection big{port};
  big.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1500000\r\n\r\n" + std::string(1'500'000, 'x'));
  CHECK(big.receive().status == 413);
  Connection fits{port};
  fits.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  CHECK(fits.receive().body == "1000000");
  CHECK(get(port, "/echo/word").status == 200);
}

TEST_CASE("what is not HTTP is closed, and an odd path is refused") {
  const Echo echo;
  const auto port = echo.server.port();
  for (const std::string& rude : {std::string{"\x16\x03\x01\x02 TLS\r\n\r\n"}, std::string{"GET\r\n\r\n"},
                                  std::string(5'000, 'A'), std::string{"GET / HTTP/9.9.9\r\n\r\n"}}) {
    Connection connection{port};
    connection.send(rude);
    CHECK(connection.receive().status == 0);
  }
  CHECK(get(port, "/echo/%zz").status == 404);
  CHECK(get(port, "/echo/%ff").status == 404);
  CHECK(get(port, "/echo/\xff\xfe").status == 400);
  CHECK(get(port, "/echo/..%2F..%2Fetc%2Fpasswd").body == "../../etc/passwd");  // a word like any other
}

TEST_CASE("a client that asks for an upgrade gets its answer in HTTP/1.1") {
  const Echo echo;
  const auto reply = get(echo.server.port(), "/echo/word",
                         "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n");
  CHECK(reply.status == 200);
  CHECK(reply.body == "word");
}

TEST_CASE("slow clients are closed while others are served") {
  const Echo echo;
  const auto port = echo.server.port();
  const auto before = std::chrono::steady_clock::now();
  Connection silent{port}, slow{port};
  slow.send("GET /echo/word HTTP/1.1\r\nHo");
  CHECK(get(port, "/echo/word").status == 200);
  CHECK(silent.is_closed());
  CHECK(slow.is_closed());
  CHECK(std::chrono::steady_clock::now() - before < 8s);
}

TEST_CASE("connections beyond the limit are closed, and there is room again when others leave") {
  auto options = quick();
  options.max_connections = 50;
  options.read_timeout = 20s;
  const Echo echo{options};
  std::vector<std::unique_ptr<Connection>> open;
  for (int i = 0; i < 50; ++i) {
    open.push_back(std::make_unique<Connection>(echo.server.port()));
    CHECK(open.back()->request("GET", "/echo/word").status == 200);
  }
  CHECK(get(echo.server.port(), "/echo/word").status == 0);
  CHECK(open[7]->request("GET", "/echo/word").status == 200);
  open.clear();
  int status = 0;
  while (status != 200) status = get(echo.server.port(), "/echo/word").status;
  CHECK(status == 200);
}

TEST_CASE("hundreds of idle connections do not keep others from being served") {
  const Echo echo;
  std::vector<std::unique_ptr<Connection>> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(std::make_unique<Connection>(echo.server.port()));
  CHECK(get(echo.server.port(), "/echo/word").body == "word");
}

TEST_CASE("an address in use is told with a sentence, and a wrong one too") {
  const Echo echo;
  auto options = quick();
  options.listen = "127.0.0.1:" + std::to_string(echo.server.port());
  http::Server second{options, log::Logger::silent()};
  CHECK_THROWS_WITH(second.start(), Contains("cannot listen on " + options.listen) && Contains("in use"));
  for (const char* wrong : {"8080", "nowhere.example:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "1.2.3:80"}) {
    CHECK_THROWS_AS(http::parse_endpoint(wrong), std::invalid_argument);
  }
  CHECK(http::parse_endpoint(":8080").host == "0.0.0.0");
  CHECK(http::parse_endpoint("[::1]:8080").host == "::1");
  CHECK(http::parse_endpoint("localhost:0").port == 0);
}

TEST_CASE("a server that ends while clients connect gives its port back at once") {
  for (int round = 0; round < 5; ++round) {
    auto echo = std::make_unique<Echo>();
    const auto port = echo->server.port();
    std::vector<std::jthread> clients;
    for (int i = 0; i < 3; ++i) {
      clients.emplace_back([port](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
          try {
            get(port, "/echo/x");
          } catch (const std::runtime_error&) {
            return;  // refused: the server has ended
          }
        }
      });
    }
    CHECK(get(port, "/echo/x").status == 200);
    echo->server.stop();
    auto options = quick();
    options.listen = "127.0.0.1:" + std::to_string(port);
    http::Server next{options, log::Logger::silent()};
    CHECK_NOTHROW(next.start());
    for (auto& client : clients) client.request_stop();
    echo.reset();  // closes what was accepted and never read
  }
}

TEST_CASE("an answer after the server has stopped goes nowhere and harms nothing") {
  std::unique_ptr<Connection> connection;
  {
    std::promise<http::Responder> asked;
    http::Server server{quick(), log::Logger::silent()};
    server.get("/", [&](const http::Request&, http::Responder responder) { asked.set_value(std::move(responder)); });
    server.start();
    connection = std::make_unique<Connection>(server.port());
    connection->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto late = asked.get_future().get();
    server.stop();
    late.send({.status = 200, .headers = {}, .body = "late"});
  }
  CHECK(connection->receive().status == 0);
}

TEST_CASE("health says alive, readiness names each part, metrics are Prometheus's") {
  auto options = quick();
  options.registry = std::make_shared<prometheus::Registry>();
  http::Server server{options, log::Logger::silent()};
  std::atomic<bool> ready = false, stale = false;
  http::add_health_routes(server, options.registry, [&]() -> std::vector<http::Readiness> {
    return {{"broker", ready, ready ? "" : "no broker can be reached", stale}, {"disk", true}};
  });
  server.start();
  CHECK(get(server.port(), "/healthz").status == 200);
  const auto not_ready = get(server.port(), "/readyz");
  CHECK(not_ready.status == 503);
  CHECK(not_ready.body == R"({"status":"not ready","parts":[{"name":"broker","ready":false,)"
                          R"("reason":"no broker can be reached"},{"name":"disk","ready":true}]})");
  CHECK(get(server.port(), "/readyz?stale=ok").status == 503);
  stale = true;
  CHECK(get(server.port(), "/readyz?stale=ok").status == 200);
  CHECK(get(server.port(), "/readyz?stale=no").status == 503);
  CHECK_THAT(get(server.port(), "/metrics").body, Contains(R"(orderly_ready{part="broker"} 0)"));
  CHECK(get(server.port(), "/readyz").status == 503);
  ready = true;
  CHECK(get(server.port(), "/readyz").status == 200);
  const auto metrics = get(server.port(), "/metrics");
  CHECK_THAT(metrics.headers.at("content-type"), Contains("text/plain; version=0.0.4"));
  CHECK_THAT(metrics.body, Contains(R"(orderly_ready{part="broker"} 1)"));
  CHECK_THAT(metrics.body, Contains(R"(orderly_http_requests_total{route="GET /readyz",status="503"} 4)"));
  CHECK_THAT(metrics.body, Contains(R"(orderly_http_request_seconds_count{route="GET /healthz"} 1)"));
}
