// GET /stream on the running service: what is told, when, and how a client goes on where it was.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "tests/views/running_service.h"
#include "tests/views/stream_client.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

std::string text(const rapidjson::Value& json, const char* name) {
  return json[name].IsString() ? json[name].GetString() : "";
}

rapidjson::Document parse(const StreamEvent& event) {
  rapidjson::Document json;
  json.Parse(event.data.c_str());
  REQUIRE(json.IsObject());
  return json;
}

std::vector<std::string> ids(const std::vector<StreamEvent>& events) {
  std::vector<std::string> ids;
  for (const auto& event : events) ids.push_back(text(parse(event), "id"));
  return ids;
}

std::function<std::vector<read::ViewDefinition>()> all() { return read::all_views; }

}  // namespace

TEST_CASE("a streamed event is as it was published, and every view holds it already") {
  RunningService service;
  service.until_ready();
  StreamClient client{service.port()};
  CHECK(client.head().status == 200);
  CHECK(client.head().headers.at("content-type") == "text/event-stream");
  CHECK(client.head().headers.at("cache-control") == "no-store");
  client.ready();
  Stream lamp;
  auto allocated = lamp.created("b1", 50);
  allocated = lamp.allocated("o\"1\n", 3, "b1");
  allocated.headers.emplace_back("ce_correlationid", "corr-1");
  allocated.headers.emplace_back("ce_causationid", "cmd-1");
  service.topics.publish({Stream{}.created("b1", 50), allocated});
  CHECK(client.next()->event == "allocation.v1.BatchCreated");
  const auto event = *client.next();
  // Asked for without waiting.
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));
  CHECK(service.get("/allocations/o%221%0A").status == 200);
  CHECK(event.event == "allocation.v1.Allocated");
  const auto json = parse(event);
  CHECK(text(json, "id") == "LAMP-2");
  CHECK(text(json, "type") == "allocation.v1.Allocated");
  CHECK(text(json, "topic") == "allocation.events");
  CHECK(text(json, "subject") == "LAMP");
  CHECK(json["version"].GetInt64() == 2);
  CHECK_THAT(text(json, "time"), Contains("T") && Contains("Z"));
  CHECK(text(json, "correlation_id") == "corr-1");
  CHECK(text(json, "causation_id") == "cmd-1");
  CHECK(text(json["data"], "order_id") == "o\"1\n");
  CHECK(json["data"]["quantity"].GetInt64() == 3);
  CHECK(text(json["data"], "batch_ref") == "b1");
}

TEST_CASE("each event comes once, in the order of its stream, and never before it can be seen") {
  RunningService service;
  service.until_ready();
  StreamClient client{service.port()};
  client.ready();
  std::jthread publisher{[&] {
    Stream lamp, chair{"CHAIR"};
    service.topics.publish({lamp.created("b1", 100'000), chair.created("c1", 100'000)});
    for (int i = 0; i < 500; ++i) {
      auto record = chair.allocated("o" + std::to_string(i), 1, "c1");
      record.partition = 1;
      service.topics.publish({lamp.allocated("o" + std::to_string(i), 1, "b1"), record});
    }
  }};
  std::map<std::string, std::int64_t> versions;
  for (int i = 0; i < 1'002; ++i) {
    const auto json = parse(*client.next());
    const auto subject = text(json, "subject");
    REQUIRE(json["version"].GetInt64() == ++versions[subject]);
    if (i % 50 > 0) continue;
    const auto seen = service.get("/products/" + subject + "?wait=0&min_version=" + std::to_string(versions[subject]));
    REQUIRE(seen.status == 200);
  }
  CHECK(versions == std::map<std::string, std::int64_t>{{"CHAIR", 501}, {"LAMP", 501}});
}

TEST_CASE("a client that comes back goes on behind the last event it had, wherever that was") {
  RunningService service;
  service.until_ready();
  std::string last = StreamClient{service.port()}.ready().last_event_id();
  Stream lamp;
  service.topics.publish(lamp.created("b1", 1'000));
  for (int i = 0; i < 40; ++i) {
    auto record = lamp.allocated("o" + std::to_string(i), 1, "b1");
    service.topics.publish({record, accepted("c" + std::to_string(i))});
  }
  service.until_ready();
  std::vector<std::string> seen;
  for (std::size_t round = 0; seen.size() < 41; ++round) {
    StreamClient client{service.port(), "?topic=allocation.events", last};
    for (const auto& event : client.next(std::min<std::size_t>(round % 4 + 1, 41 - seen.size()))) {
      CHECK(event.event != "reset");
      seen.push_back(text(parse(event), "id"));
    }
    last = client.last_event_id();
  }
  std::vector<std::string> expected;
  for (int i = 1; i <= 41; ++i) expected.push_back("LAMP-" + std::to_string(i));
  CHECK(seen == expected);
}

TEST_CASE("the id of an event is good for another start of the service too") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 1'000), lamp.allocated("o1", 1, "b1")});
  service.until_ready();
  const auto last = StreamClient{service.port()}.ready().last_event_id();
  service.stop();
  service.topics.publish(lamp.allocated("o2", 1, "b1"));
  service.start();
  StreamClient client{service.port(), "", last};
  service.topics.publish(lamp.allocated("o3", 1, "b1"));
  CHECK(ids(client.next(2)) == std::vector<std::string>{"LAMP-3", "LAMP-4"});
}

TEST_CASE("a client is told to look anew when it cannot go on from where it was") {
  RunningService service{all(), {.ring_bytes = 2'000, .longest_lead = 50ms}};
  service.until_ready();
  const auto first = StreamClient{service.port()}.ready().last_event_id();
  Stream lamp;
  service.topics.publish(lamp.created("b1", 1'000));
  for (int i = 0; i < 100; ++i) service.topics.publish(lamp.allocated("o" + std::to_string(i), 1, "b1"));
  service.until_ready();
  const auto told = [&](const std::string& id) {
    StreamClient client{service.port(), "", id};
    const auto event = *client.next();
    CHECK(event.event == "reset");
    service.topics.publish(lamp.allocated("next", 1, "b1"));
    CHECK(text(parse(*client.next()), "id") == "LAMP-" + std::to_string(lamp.version()));
    return text(parse(event), "reason");
  };
  CHECK_THAT(told(first), Contains("no longer held"));
  CHECK_THAT(told("made-up"), Contains("none of this stream"));
  CHECK_THAT(told("AAAA"), Contains("none of this stream"));
  auto ahead = *read::decode_offsets(first, service.topics.ends().size());
  for (auto& offset : ahead) offset = 1'000'000;
  CHECK_THAT(told(read::encode(ahead)), Contains("ahead"));
}

TEST_CASE("topics can be chosen, several too, and a wrong one is refused") {
  RunningService service;
  service.until_ready();
  StreamClient results{service.port(), "?topic=command.results"}, events{service.port()},
      both{service.port(), "?topic=command.results&topic=allocation.events"},
      listed{service.port(), "?topic=command.results,allocation.events"};
  for (auto* client : {&results, &events, &both, &listed}) client->ready();
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), accepted("c1")});
  CHECK(results.next()->event == "messaging.v1.CommandResult");
  CHECK(events.next()->event == "allocation.v1.BatchCreated");
  for (auto* client : {&both, &listed}) {
    auto seen = ids(client->next(2));
    std::ranges::sort(seen);
    CHECK(seen == std::vector<std::string>{"LAMP-1", "c1-0"});
  }
  const auto wrong = service.get("/stream?topic=allocation.events,nowhere");
  CHECK(wrong.status == 400);
  CHECK_THAT(wrong.body, Contains("there is no topic nowhere here"));
  CHECK(service.get("/stream?topic=allocation.commands").status == 400);
  CHECK(service.get("/stream?limit=5").status == 400);
  CHECK(Connection{service.port()}.request("POST", "/stream").status == 405);
  const auto head = Connection{service.port()}.request("HEAD", "/stream");
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-type") == "text/event-stream");
}

TEST_CASE("what a record says of itself cannot break the stream") {
  RunningService service;
  service.until_ready();
  StreamClient client{service.port(), "?topic=command.results"};
  client.ready();
  Record odd{.topic = "command.results", .partition = 0, .key = "k", .value = "v", .headers = {}};
  odd.headers = {{"ce_id", "\xff\xfe"}, {"ce_type", "x\n\nevent: reset\ndata: {}\n\n"}, {"ce_subject", "a\r\nb"}};
  service.topics.publish({odd, accepted("c1")});
  const auto event = *client.next();
  CHECK(event.event == "unknown");
  const auto json = parse(event);
  CHECK(json["id"].IsNull());
  CHECK(text(json, "subject") == "a\r\nb");
  CHECK(json["data"].IsNull());
  CHECK(client.next()->event == "messaging.v1.CommandResult");
}

TEST_CASE("a dead letter is told by its place") {
  RunningService service;
  service.until_ready();
  StreamClient client{service.port(), "?topic=dead-letters"};
  client.ready();
  service.topics.publish(Record{.topic = "dead-letters", .partition = 1, .key = "k", .value = "v", .headers = {}});
  const auto event = *client.next();
  CHECK(event.event == "dead-letters");
  CHECK(service.get("/dead-letters/" + text(parse(event), "subject")).status == 200);
}

TEST_CASE("an idle stream is kept open by comments, and begins before the broker has been reached") {
  RunningService service{all(), {.heartbeat = 40ms}};
  service.stop();
  service.topics.set_away(true);
  service.start();
  StreamClient client{service.port()};
  while (client.comments() < 3) REQUIRE(client.read_chunk());
  service.topics.publish(Stream{}.created("b1", 50));
  service.topics.set_away(false);
  client.ready();
  service.until_ready();
}

TEST_CASE("the streams end with the service, and at once") {
  RunningService service;
  service.until_ready();
  StreamClient client{service.port()};
  client.ready();
  const auto before = std::chrono::steady_clock::now();
  service.stop();
  CHECK(std::chrono::steady_clock::now() - before < 2s);
  CHECK_FALSE(client.next().has_value());
}
