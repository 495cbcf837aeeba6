// The small pieces under the routes: URLs, tokens, encodings, the router, those who wait.
#include <catch2/catch.hpp>
#include <future>

#include "common/http/gzip.h"
#include "common/http/router.h"
#include "common/http/uri.h"
#include "read-service/page_token.h"
#include "read-service/waiters.h"

using namespace orderly;
using namespace std::chrono_literals;

TEST_CASE("percent-decoding gives the text, or nothing when it is broken or not UTF-8") {
  CHECK(http::percent_decode("a%20b+c", false) == "a b+c");
  CHECK(http::percent_decode("a%20b+c", true) == "a b c");
  for (const char* broken : {"%", "%2", "%zz", "%ff", "%c0%80", "%ed%a0%80", "%f4%90%80%80", "%e4%b8"}) {
    INFO(broken);
    CHECK_FALSE(http::percent_decode(broken, false));
  }
  CHECK(http::percent_decode("%F0%9F%98%80", false) == "\U0001F600");
}

TEST_CASE("a query is read in pieces, and a name that stands twice is refused") {
  CHECK(http::parse_query("a=1&&b=x%3Dy&c") == http::Parameters{{"a", "1"}, {"b", "x=y"}, {"c", ""}});
  CHECK(http::parse_query("a=1&a=1").error() == "query parameter a is given twice");
  CHECK(http::parse_query("")->empty());
}

TEST_CASE("base64url comes back as it went, for every length and byte") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(http::base64url_decode(http::base64url_encode(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
  CHECK_FALSE(http::base64url_decode("a b"));
}

TEST_CASE("a page token comes back as it went, and a changed letter breaks it") {
  const read::PageToken token{"/batches", {{"sku", "LÄMP\"\n"}}, {"b1", ""}};
  const auto text = read::encode(token);
  const auto back = read::decode_page_token(text);
  REQUIRE(back);
  CHECK(back->route == token.route);
  CHECK(back->filters == token.filters);
  CHECK(back->after == token.after);
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(read::decode_page_token(changed));
  }
}

TEST_CASE("gzip is taken only from those who say so") {
  for (const char* yes : {"gzip", "br, gzip", "deflate;q=1, gzip;q=0.5", "*"}) CHECK(http::accepts_gzip(yes));
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "identity", "x-gzip"})
    CHECK_FALSE(http::accepts_gzip(no));
}

TEST_CASE("the router tells a wrong path from a wrong method") {
  http::Router router;
  router.add("GET", "/orders/:id");
  router.add("POST", "/orders/:id");
  router.add("GET", "/orders/:id/history");
  CHECK(std::get<http::Router::Matched>(router.find("GET", "/orders/a%2Fb/history")).parameters.at("id") == "a/b");
  CHECK(std::get<http::Router::Matched>(router.find("HEAD", "/orders/1")).route == 0);
  CHECK(std::get<http::Router::Matched>(router.find("POST", "/orders/1")).route == 1);
  CHECK(std::get<http::Router::WrongMethod>(router.find("PUT", "/orders/1")).allow == "GET, HEAD, POST");
  for (const char* nowhere : {"/", "/orders", "/orders/", "/orders/1/", "orders/1", "*", "", "/orders/1/history/2"}) {
    CHECK(std::holds_alternative<http::Router::NoSuchPath>(router.find("GET", nowhere)));
  }
}

namespace {

struct Waiting {
  read::Waiters waiters{[](const std::function<void()>& task) { task(); }};
  std::atomic<int> woken = 0;
  bool wait(const std::string& key, std::int64_t version, std::chrono::milliseconds for_at_most = 1h) {
    return waiters.wait({.view = "v",
                         .key = key,
                         .version = version,
                         .deadline = std::chrono::steady_clock::now() + for_at_most,
                         .commits = waiters.commits("v"),
                         .look_again = [this] { ++woken; }});
  }
  void commit(const std::string& id, std::int64_t version) {
    read::Changes changes;
    changes.touch("sku", id, version);
    waiters.committed("v", changes);
  }
};

}  // namespace

TEST_CASE("who waits is woken by his key and version, once") {
  Waiting waiting;
  CHECK(waiting.wait("sku/LAMP", 3));
  waiting.commit("CHAIR", 9);
  waiting.commit("LAMP", 2);
  CHECK(waiting.woken == 0);
  waiting.commit("LAMP", 3);
  waiting.commit("LAMP", 4);
  CHECK(waiting.woken == 1);
  CHECK(waiting.waiters.waiting() == 0);
}

TEST_CASE("a commit between looking and waiting is not missed") {
  Waiting waiting;
  const auto commits = waiting.waiters.commits("v");
  waiting.commit("LAMP", 3);
  CHECK_FALSE(waiting.waiters.wait({.view = "v",
                                    .key = "sku/LAMP",
                                    .version = 3,
                                    .deadline = std::chrono::steady_clock::now() + 1h,
                                    .commits = commits,
                                    .look_again = [] {}}));
}

TEST_CASE("who waits too long is woken at his time, the earlier one first") {
  read::Waiters waiters{[](const std::function<void()>& task) { task(); }};
  std::promise<void> short_one, long_one;
  const auto wait = [&](std::chrono::milliseconds time, std::promise<void>& promise) {
    return waiters.wait({.view = "v",
                         .key = "k",
                         .version = 1,
                         .deadline = std::chrono::steady_clock::now() + time,
                         .commits = 0,
                         .look_again = [&promise] { promise.set_value(); }});
  };
  CHECK(wait(150ms, long_one));
  CHECK(wait(20ms, short_one));
  auto late = long_one.get_future();
  short_one.get_future().wait();
  CHECK(late.wait_for(0ms) == std::future_status::timeout);
  late.wait();
}

TEST_CASE("many who wait, wake and give up at once lose nobody") {
  Waiting waiting;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (!waiting.wait("sku/LAMP", i, std::chrono::milliseconds{i % 20})) ++refused;
        if (t == 0) waiting.commit("LAMP", i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  waiting.waiters.stop();
  CHECK(waiting.woken + refused == 2'000);
  CHECK_FALSE(waiting.wait("sku/LAMP", 1));
}
