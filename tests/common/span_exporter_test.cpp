#include "common/tracing/span_exporter.h"

#include <prometheus/text_serializer.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>

#include "common/http/server.h"

using namespace orderly;
using namespace orderly::tracing;
using namespace std::chrono_literals;

namespace {

// Takes what comes to /v1/traces, with the status that the test wants.
class Collector {
 public:
  Collector() : server_({.listen = "127.0.0.1:0"}, log::Logger::silent()) {
    server_.post("/v1/traces", [this](const http::Request& request, const http::Responder& responder) {
      const int answer = status;  // before the request counts: a test changes it as soon as it does
      {
        const std::lock_guard lock{mutex_};
        bodies_.push_back(request.body);
        changed_.notify_all();
      }
      responder.send({.status = answer, .headers = {}, .body = "{}"});
    });
    server_.start();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  bool wait_for(std::size_t requests) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 20s, [&] { return bodies_.size() >= requests; });
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock{mutex_};
    return bodies_;
  }
  std::atomic<int> status = 200;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  http::Server server_;
};

Span span(const std::string& name) {
  Span made{.context = {0x1, 0x2, 0x3, 1}, .parent_id = 0, .name = name};
  made.kind = Span::Kind::consumer;
  made.start = SpanTime{1'700'000'000s};
  made.end = made.start + 5ms;
  made.attributes = {{"orderly.command_id", "a \"quoted\" id"}, {"messaging.kafka.offset", std::int64_t{7}}};
  return made;
}

double counted(prometheus::Registry& registry, const std::string& outcome) {
  for (const auto& family : registry.Collect()) {
    if (family.name != "orderly_spans_total") continue;
    for (const auto& metric : family.metric) {
      if (metric.label.front().value == outcome) return metric.counter.value;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("spans are written as OTLP's JSON") {
  auto failed = span("process a.v1.B");
  failed.parent_id = 0xAB;
  failed.error = "UNREADABLE";
  failed.event = "decided";
  failed.event_time = failed.start + 1ms;
  const std::vector spans{failed};
  CHECK(to_otlp_json({"write-service", "host/8081"}, spans) ==
        R"({"resourceSpans":[{"resource":{"attributes":[)"
        R"({"key":"service.name","value":{"stringValue":"write-service"}},)"
        R"({"key":"service.instance.id","value":{"stringValue":"host/8081"}}]},)"
        R"("scopeSpans":[{"scope":{"name":"orderly"},"spans":[)"
        R"({"traceId":"00000000000000010000000000000002","spanId":"0000000000000003",)"
        R"("parentSpanId":"00000000000000ab","name":"process a.v1.B","kind":5,)"
        R"("startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000005000000","attributes":[)"
        R"({"key":"orderly.command_id","value":{"stringValue":"a \"quoted\" id"}},)"
        R"({"key":"messaging.kafka.offset","value":{"intValue":"7"}}],)"
        R"("events":[{"timeUnixNano":"1700000000001000000","name":"decided"}],)"
        R"("status":{"code":2,"message":"UNREADABLE"}}]}]}]})");
}

TEST_CASE("spans leave in batches, and what is left at the end leaves too") {
  Collector collector;
  prometheus::Registry registry;
  {
    SpanExporter exporter{{.url = collector.url(), .resource = {"s", "i"}, .max_batch = 2, .interval = 1h},
                          registry,
                          log::Logger::silent()};
    exporter.add({span("one"), span("two"), span("three")});
    REQUIRE(collector.wait_for(1));
  }
  REQUIRE(collector.bodies().size() == 2);
  CHECK(collector.bodies()[0].find("two") != std::string::npos);
  CHECK(collector.bodies()[1].find("three") != std::string::npos);
  CHECK(counted(registry, "exported") == 3);
  CHECK(counted(registry, "failed") == 0);
}

TEST_CASE("a full queue drops spans and counts them; nobody waits") {
  prometheus::Registry registry;
  // Nobody listens on port 1; the interval never ends.
  SpanExporter exporter{
      {.url = "http://127.0.0.1:1", .resource = {}, .max_queued = 10, .interval = 1h}, registry, log::Logger::silent()};
  std::vector<Span> many;
  for (int i = 0; i < 25; ++i) many.push_back(span("s"));
  exporter.add(std::move(many));
  CHECK(counted(registry, "dropped") == 15);
}

TEST_CASE("a batch that the collector refuses is tried again, then counted as failed") {
  Collector collector;
  collector.status = 503;
  prometheus::Registry registry;
  SpanExporter exporter{{.url = collector.url(), .resource = {}, .max_batch = 1, .interval = 1h, .tries = 2},
                        registry,
                        log::Logger::silent()};
  exporter.add({span("lost")});
  REQUIRE(collector.wait_for(2));
  collector.status = 200;
  exporter.add({span("taken")});
  REQUIRE(collector.wait_for(3));
  CHECK(collector.bodies()[2].find("taken") != std::string::npos);
  CHECK(counted(registry, "failed") == 1);
}

TEST_CASE("an address that is none is refused by name") {
  prometheus::Registry registry;
  CHECK_THROWS_AS((SpanExporter{{.url = "collector:4318", .resource = {}}, registry, log::Logger::silent()}),
                  std::invalid_argument);
}
