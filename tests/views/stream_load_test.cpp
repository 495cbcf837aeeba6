// The live stream under load: a thousand clients, clients that do not read, and the memory they may cost.
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "read-service/live_stream.h"
#include "tests/views/in_memory_topics.h"
#include "tests/views/running_service.h"
#include "tests/views/stream_client.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

// The stream on a server of its own, told of events by the test.
class Broadcast {
 public:
  explicit Broadcast(read::LiveStreamOptions options = {})
      : stream_({"allocation.events"}, options, *registry, log::Logger::silent()),
        // Patient, so that a client that slept for all of a slow test still gets to read why it was dropped.
        server_({.listen = "127.0.0.1:0", .read_timeout = 10min, .registry = registry}, log::Logger::silent()) {
    stream_.add_route(server_);
    server_.start();
    reading_from(0);
  }
  ~Broadcast() {
    stream_.stop();
    server_.stop();
  }
  void reading_from(std::int64_t offset) { stream_.reading_from({{{"allocation.events", 0}, offset}}); }
  void publish_at(std::int64_t offset, const std::vector<Record>& records) {
    next_offset_ = offset;
    publish(records);
  }
  void publish(const std::vector<Record>& records) {
    std::vector<std::pair<std::int64_t, Record>> placed;
    for (const auto& record : records) placed.emplace_back(next_offset_++, record);
    stream_.applied(decoder_.decode(to_batch(std::move(placed))));
  }
  double figure(const std::string& name, const std::string& label = "") const {
    for (const auto& family : registry->Collect()) {
      for (const auto& metric : family.metric) {
        const bool wanted = label.empty() || (!metric.label.empty() && metric.label[0].value == label);
        if (family.name == name && wanted) return metric.counter.value + metric.gauge.value;
      }
    }
    return 0;
  }
  std::uint16_t port() const { return server_.port(); }

  const std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();

 private:
  read::LiveStream stream_;
  http::Server server_;
  read::EventDecoder decoder_;
  std::int64_t next_offset_ = 0;
};

std::vector<Record> fat_events(Stream& stream, int count, std::size_t bytes_each) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) records.push_back(stream.created(std::string(bytes_each, 'b'), 1));
  return records;
}

std::size_t resident_bytes() {
  std::size_t pages = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> pages >> resident;
  return resident * 4'096;
}

}  // namespace

TEST_CASE("a thousand clients get every event, each written once for all of them") {
  Broadcast broadcast;
  std::vector<std::unique_ptr<StreamClient>> clients;
  for (int i = 0; i < 1'000; ++i) clients.push_back(std::make_unique<StreamClient>(broadcast.port()));
  for (auto& client : clients) client->ready();
  CHECK(broadcast.figure("orderly_stream_clients") == 1'000);
  Stream lamp;
  for (int i = 0; i < 50; ++i) broadcast.publish(fat_events(lamp, 2, 100));
  for (auto& client : clients) {
    const auto events = client->next(100);
    REQUIRE(events.size() == 100);
    for (std::size_t i = 0; i < events.size(); ++i) {
      REQUIRE_THAT(events[i].data, Contains("\"version\":" + std::to_string(i + 1) + ','));
    }
  }
  CHECK(broadcast.figure("orderly_stream_events_written_total") == 100);
  clients.clear();
  RunningService::until([&] {
    broadcast.publish(fat_events(lamp, 1, 100));  // only a write tells that a client has gone
    return broadcast.figure("orderly_stream_clients") == 0;
  });
}

TEST_CASE("more clients than allowed are refused, and there is room again when others leave") {
  Broadcast broadcast{{.most_clients = 2, .heartbeat = 20ms}};
  auto first = std::make_unique<StreamClient>(broadcast.port());
  const StreamClient second{broadcast.port()};
  const auto refused = get(broadcast.port(), "/stream");
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "5");
  first.reset();
  RunningService::until([&] { return StreamClient{broadcast.port()}.head().status == 200; });
}

TEST_CASE("a client that does not read is dropped with the reason, costs bounded memory, and others go on") {
  Broadcast broadcast{{.ring_bytes = 1'000'000}};
  std::vector<std::unique_ptr<StreamClient>> asleep;
  for (int i = 0; i < 20; ++i) asleep.push_back(std::make_unique<StreamClient>(broadcast.port()));
  for (auto& client : asleep) client->ready();
  StreamClient awake{broadcast.port()};
  awake.ready();
  Stream lamp;
  broadcast.publish(fat_events(lamp, 100, 5'000));
  awake.next(100);
  const auto before = resident_bytes();
  for (int i = 0; i < 400; ++i) {  // 200 MB for each of 20 that sleep
    broadcast.publish(fat_events(lamp, 100, 5'000));
    REQUIRE(awake.next(100).size() == 100);
  }
  RunningService::until([&] { return broadcast.figure("orderly_stream_clients") == 1; });
  CHECK(broadcast.figure("orderly_stream_dropped_total", "behind") == 20);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep freed memory
  CHECK(resident_bytes() - before < 64'000'000);
#else
  (void)before;
#endif
  std::optional<StreamEvent> last;
  while (auto event = asleep[0]->next()) last = std::move(event);
  REQUIRE(last.has_value());
  CHECK(last->event == "dropped");
  CHECK_THAT(last->data, Contains("reads too slowly"));
}

TEST_CASE("a client to which nothing can be written is dropped, though all it wants is still there") {
  Broadcast broadcast{{.ring_bytes = 100'000'000, .heartbeat = 50ms, .longest_write = 200ms}};
  StreamClient asleep{broadcast.port()};
  asleep.ready();
  Stream lamp;
  broadcast.publish(fat_events(lamp, 4'000, 5'000));
  RunningService::until([&] { return broadcast.figure("orderly_stream_dropped_total", "stalled") == 1; });
  CHECK(broadcast.figure("orderly_stream_clients") == 0);
  std::optional<StreamEvent> last;
  while (auto event = asleep.next()) last = std::move(event);
  REQUIRE(last.has_value());
  CHECK(last->event == "dropped");
}

TEST_CASE("events that were taken in without being streamed are told with a reset") {
  Broadcast broadcast;
  StreamClient client{broadcast.port()};
  client.ready();
  Stream lamp;
  broadcast.publish(fat_events(lamp, 1, 10));
  CHECK(client.next()->event == "allocation.v1.BatchCreated");
  broadcast.reading_from(0);
  broadcast.publish_at(0, fat_events(lamp, 1, 10));  // read again: nothing new
  broadcast.reading_from(7);
  const auto told = *client.next();
  CHECK(told.event == "reset");
  CHECK_THAT(told.data, Contains("without being streamed"));
  broadcast.publish_at(7, fat_events(lamp, 1, 10));
  CHECK_THAT(client.next()->data, Contains("\"version\":3"));
}

TEST_CASE("the server's end is the streams' end, whoever forgot them") {
  http::Server server{{.listen = "127.0.0.1:0"}, log::Logger::silent()};
  std::shared_ptr<http::BodyStream> body;
  server.get("/stream", [&](const http::Request&, const http::Responder& responder) {
    body = responder.stream({.status = 200, .headers = {}, .body = {}});
  });
  server.start();
  StreamClient client{server.port()};
  const auto before = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - before < 1s);
  CHECK_FALSE(client.next().has_value());
  body->send({http::whole("late")}, [](bool) { FAIL("the server has stopped"); });
}
