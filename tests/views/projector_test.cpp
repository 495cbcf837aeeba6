// The running service on events: views that fail alone, catch up, and survive restarts and a broker that is away.
#include <catch2/catch.hpp>

#include "tests/views/breakable.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

namespace {

std::string metric(const RunningService& service, const std::string& name) {
  const auto text = service.get("/metrics").body;
  const auto at = text.find('\n' + name + ' ');
  if (at == std::string::npos) return "";
  const auto from = at + name.size() + 2;
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

TEST_CASE("a command's effects become visible, with figures for each view") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1"), accepted("c1", 2)});
  service.until_ready();
  lamp.version();
  CHECK(service.get("/products/LAMP?min_version=2&wait=20").status == 200);
  CHECK(service.get("/allocations/o1?min_version=2&wait=20").body ==
        R"([{"sku":"LAMP","batch_ref":"b1","quantity":3}])");
  CHECK_THAT(service.get("/commands/c1?wait=20").body, Contains(R"("status":"ACCEPTED")"));
  CHECK(metric(service, R"(orderly_view_events_total{type="allocation.v1.Allocated",view="batches"})") == "1");
  CHECK(metric(service, R"(orderly_view_lag_messages{view="batches"})") == "0");
  CHECK(metric(service, R"(orderly_view_failed{view="batches"})") == "0");
  service.topics.publish(lamp.allocated("o2", 3, "b1"));
  CHECK(service.get("/products/LAMP?min_version=3&wait=20").status == 200);
  service.until([&] { return metric(service, R"(orderly_command_to_visible_seconds_count{view="products"})") == "1"; });
}

TEST_CASE("a view that fails stops alone, says so, and catches up by itself once it is mended") {
  const Breakable breakable;
  RunningService service{breakable.views()};
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  CHECK(service.get("/products/LAMP?min_version=2&wait=20").status == 200);

  *breakable.broken = true;
  service.topics.publish({lamp.allocated("o2", 4, "b1"), lamp.allocated("o3", 5, "b1")});
  CHECK_THAT(service.get("/batches/b1?min_version=4&wait=20").body, Contains(R"("allocated":12)"));
  service.until([&] { return metric(service, R"(orderly_view_failed{view="products"})") == "1"; });
  const auto ready = service.get("/readyz");
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, Contains(R"({"name":"view batches","ready":true})"));
  CHECK_THAT(ready.body, Contains("allocation.events/0/2") && Contains("a bug in the projection"));
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));  // as it was
  const auto late = service.get("/products/LAMP?min_version=4&wait=0.05");
  CHECK(late.status == 504);
  CHECK_THAT(late.body, Contains(R"("current_version":2,"wanted_version":4)"));
  service.topics.publish(lamp.allocated("o4", 6, "b1"));
  CHECK_THAT(service.get("/batches/b1?min_version=5&wait=20").body, Contains(R"("allocated":18)"));

  *breakable.broken = false;
  const auto mended = service.get("/products/LAMP?min_version=5&wait=20");
  CHECK(mended.status == 200);
  CHECK_THAT(mended.body, Contains(R"("allocated":18)"));
  service.until_ready();
  CHECK(metric(service, R"(orderly_view_failed{view="products"})") == "0");
  service.topics.publish(lamp.allocated("o5", 1, "b1"));
  CHECK_THAT(service.get("/products/LAMP?min_version=6&wait=20").body, Contains(R"("allocated":19)"));
}

TEST_CASE("events go on while a failed view comes back, and it misses none") {
  const Breakable breakable;
  RunningService service{breakable.views()};
  Stream lamp;
  service.topics.publish(lamp.created("b1", 1'000'000));
  service.until_ready();
  std::jthread publisher{[&](const std::stop_token& enough) {
    while (!enough.stop_requested()) {
      for (int i = 0; i < 100; ++i) {
        service.topics.publish(lamp.allocated("o" + std::to_string(lamp.version()), 1, "b1"));
      }
      // No faster than a healthy view can follow, which it does whatever becomes of the other.
      service.get("/batches/b1?wait=20&min_version=" + std::to_string(lamp.version()));
    }
  }};
  for (int round = 0; round < 3; ++round) {
    *breakable.broken = true;
    RunningService::until([&] { return metric(service, R"(orderly_view_failed{view="products"})") == "1"; });
    *breakable.broken = false;
    RunningService::until([&] { return metric(service, R"(orderly_view_failed{view="products"})") == "0"; });
  }
  publisher.request_stop();
  publisher.join();
  const auto version = std::to_string(lamp.version());
  const auto product = service.get("/products/LAMP?wait=20&min_version=" + version);
  CHECK_THAT(product.body, Contains("\"allocated\":" + std::to_string(lamp.version() - 1) + ','));
  CHECK(metric(service, R"(orderly_view_version_gaps_total{view="products"})") == "0");
}

TEST_CASE("a restart serves what it has, goes on from there and applies nothing twice") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  CHECK(service.get("/batches/b1?min_version=2&wait=20").status == 200);
  service.until_ready();
  service.stop();
  service.topics.set_away(true);
  service.topics.publish(lamp.allocated("o2", 4, "b1"));
  service.start();
  CHECK_THAT(service.get("/batches/b1").body, Contains(R"("allocated":3)"));
  const auto ready = service.get("/readyz");
  CHECK(ready.status == 503);
  service.until(
      [&] { return service.get("/readyz").body.find("no Kafka broker can be reached") != std::string::npos; });
  service.topics.set_away(false);
  CHECK_THAT(service.get("/batches/b1?min_version=3&wait=20").body, Contains(R"("allocated":7)"));
  service.until_ready();
  CHECK(metric(service, R"(orderly_view_repeated_events_total{view="batches"})") == "0");
  CHECK(metric(service, R"(orderly_view_events_total{type="allocation.v1.Allocated",view="batches"})") == "1");
}

TEST_CASE("a service without a broker at its first start stays up, says why, and fills itself later") {
  RunningService service;
  service.stop();
  std::filesystem::remove_all(service.folder() / "views");
  service.topics.set_away(true);
  service.start();
  CHECK(service.get("/healthz").status == 200);
  CHECK(service.get("/readyz?stale=ok").status == 503);
  const auto too_early = service.get("/batches/b1");
  CHECK(too_early.status == 503);
  CHECK(too_early.headers.at("retry-after") == "1");
  CHECK(service.get("/batches").status == 503);
  service.topics.publish(Stream{}.created("b1", 50));
  service.topics.set_away(false);
  CHECK(service.get("/batches/b1?min_version=1&wait=20").status == 200);
  service.until_ready();
}

TEST_CASE("a view is not taken for complete while the broker is slow to give what there is") {
  RunningService service;
  service.stop();
  std::filesystem::remove_all(service.folder() / "views");
  service.topics.publish(Stream{}.created("b1", 50));
  service.topics.set_silent(true);
  service.start();
  const auto looks = service.topics.silent_polls();
  RunningService::until([&] { return service.topics.silent_polls() >= looks + 30; });  // three seconds
  CHECK(service.get("/readyz?stale=ok").status == 503);
  CHECK(service.get("/batches/b1").status == 503);
  service.topics.set_silent(false);
  CHECK(service.get("/batches/b1?min_version=1&wait=20").status == 200);
  service.until_ready();
}

TEST_CASE("the broker going away while the service runs is said, and ends by itself") {
  RunningService service;
  Stream lamp;
  service.topics.publish(lamp.created("b1", 50));
  service.until_ready();
  service.topics.set_away(true);
  service.until([&] { return service.get("/readyz").status == 503; });
  CHECK(service.get("/readyz?stale=ok").status == 200);
  CHECK(service.get("/batches/b1").status == 200);
  service.topics.publish(lamp.allocated("o1", 1, "b1"));
  service.topics.set_away(false);
  CHECK(service.get("/batches/b1?min_version=2&wait=20").status == 200);
  service.until_ready();
}

TEST_CASE("positions that the broker no longer has are said, and nothing is skipped") {
  RunningService service;
  service.until_ready();
  service.topics.expire_offsets();
  service.topics.publish(Stream{}.created("b1", 50));
  service.until_ready();  // the fake forgets the error, and the same position is asked for again
  CHECK(service.get("/batches/b1?min_version=1&wait=20").status == 200);
}

TEST_CASE("a view with a changed schema fills itself anew, and the old file stays for going back") {
  const Breakable breakable;
  RunningService service{breakable.views()};
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  const auto old_tag = service.get("/products/LAMP").headers.at("etag");
  *breakable.schema_version = 2;
  service.restart();
  service.until_ready();
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));
  CHECK(service.get("/products/LAMP").headers.at("etag") != old_tag);
  CHECK(std::filesystem::exists(service.folder() / "views/products.1.db"));
  CHECK(std::filesystem::exists(service.folder() / "views/products.2.db"));
  *breakable.schema_version = 1;
  service.topics.publish(lamp.allocated("o2", 4, "b1"));
  service.restart();
  service.until_ready();
  CHECK_THAT(service.get("/products/LAMP?min_version=3&wait=20").body, Contains(R"("allocated":7)"));
}

TEST_CASE("a rebuild fills a file beside the one that is served, and takes its place when it has caught up") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  {
    sqlite::Database altered{service.folder() / "views/products.1.db", sqlite::OpenMode::read_write};
    altered.execute("UPDATE products SET allocated = 40");
  }
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":40)"));
  CHECK(service.post("/admin/views/products/rebuild").status == 202);
  service.until([&] { return service.get("/products/LAMP").body.find(R"("allocated":3)") != std::string::npos; });
  service.topics.publish(lamp.allocated("o2", 4, "b1"));
  CHECK_THAT(service.get("/products/LAMP?min_version=3&wait=20").body, Contains(R"("allocated":7)"));
  CHECK(service.get("/readyz").status == 200);
  CHECK(std::filesystem::exists(service.folder() / "views/products.1.db"));
  service.restart();
  service.until_ready();
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":7)"));
}

TEST_CASE("a rebuild that was broken off is gone on with at the next start") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  service.stop();
  {
    const auto view = read::products_view();
    const read::ViewStore begun{view, service.folder() / "views/products.2.db"};
  }
  service.start();
  service.until([&] {
    const auto state = read::inspect_store(service.folder() / "views/products.2.db");
    return state && state->rank > 0;
  });
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));
}

TEST_CASE("a view whose file is damaged fails alone") {
  RunningService service;
  service.topics.publish(Stream{}.created("b1", 50));
  service.until_ready();
  service.stop();
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::remove(service.folder() / (std::string{"views/products.1.db"} + suffix));
  }
  std::FILE* file = std::fopen((service.folder() / "views/products.1.db").c_str(), "w");
  for (int i = 0; i < 1'000; ++i) std::fputs("this is no database ", file);
  std::fclose(file);
  service.start();
  CHECK(service.get("/batches/b1").status == 200);
  CHECK(service.get("/products/LAMP").status == 503);
  CHECK_THAT(service.get("/readyz").body, Contains("not a database"));
}

TEST_CASE("a second service on the same folder is refused") {
  RunningService service;
  const SystemClock clock;
  read::ReadService second{{.data = service.folder(), .http = {.listen = "127.0.0.1:0"}},
                           read::all_views(),
                           service.topics.open(),
                           clock,
                           log::Logger::silent()};
  CHECK_THROWS_WITH(second.start(), Contains("another process holds") && Contains("read-service.lock"));
}

TEST_CASE("several replicas follow the same topics, each with files of its own, and answer alike") {
  RunningService one;
  Stream lamp;
  OrderStream order{"o1"};
  one.topics.publish({lamp.created("b1", 50), order.created({{"LAMP", 3}})});
  RunningService other{read::all_views, one.topics};
  one.topics.publish({lamp.allocated("o1", 3, "b1"), order.allocated(), order.paid()});
  one.until_ready();
  other.until_ready();
  for (const auto* path : {"/orders/o1", "/orders", "/orders/o1/history", "/customers/c1", "/batches/b1"}) {
    CHECK(one.get(path).body == other.get(path).body);
    CHECK(one.get(path).headers["etag"] == other.get(path).headers["etag"]);
  }
}

TEST_CASE("a replica started on a copy of another's files goes on from there") {
  RunningService one;
  Stream lamp;
  OrderStream order{"o1"};
  one.topics.publish({lamp.created("b1", 50), order.created({{"LAMP", 3}}), lamp.allocated("o1", 3, "b1")});
  one.until_ready();
  one.stop();
  RunningService other{read::all_views, one.topics, one.folder()};
  CHECK_THAT(other.get("/orders/o1").body, Contains(R"("batch_ref":"b1")"));
  one.topics.publish({order.allocated(), order.paid()});
  CHECK_THAT(other.get("/orders/o1?min_version=3&wait=20").body, Contains(R"("status":"paid")"));
  other.until_ready();
  CHECK(metric(other, R"(orderly_view_events_total{type="ordering.v1.OrderCreated",view="orders"})").empty());
  CHECK(metric(other, R"(orderly_view_events_total{type="ordering.v1.OrderPaid",view="orders"})") == "1");
  one.start();
  one.until_ready();
  CHECK(one.get("/orders/o1").body == other.get("/orders/o1").body);
}
