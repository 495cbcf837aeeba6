// An operator's routes: how the views are doing, filling one anew, going back to the file before.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>

#include "tests/views/breakable.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

namespace {

// GET /admin/views, as one JSON object of the view.
std::string admin_view(const RunningService& service, const std::string& name) {
  const auto body = service.get("/admin/views").body;
  const auto from = body.find("{\"name\":\"" + name + '"');
  return body.substr(from, body.find("{\"name\"", from + 1) - from);
}

void until_generation(const RunningService& service, const std::string& view, int generation) {
  const auto wanted = "\"generation\":" + std::to_string(generation) + ",\"previous";
  RunningService::until([&] {
    const auto json = admin_view(service, view);
    return json.find(wanted) != std::string::npos && json.find("\"replacement\"") == std::string::npos;
  });
}

}  // namespace

TEST_CASE("an operator sees how every view is doing") {
  RunningService service;
  service.topics.publish({Stream{}.created("b1", 50), OrderStream{"o1"}.created({{"LAMP"}})});
  service.until_ready();
  const auto reply = service.get("/admin/views");
  CHECK(reply.headers.at("cache-control") == "no-store");
  rapidjson::Document document;
  document.Parse(reply.body.data(), reply.body.size());
  REQUIRE(document["items"].Size() == service.service().views().size());
  for (const auto& view : document["items"].GetArray()) {
    INFO(view["name"].GetString());
    CHECK(view["phase"] == "live");
    CHECK(view["generation"].GetInt() == 1);
    CHECK(view["previous_generation"].IsNull());
    CHECK(view["lag_messages"].GetInt() == 0);
    CHECK_FALSE(view.HasMember("fill"));
  }
}

TEST_CASE("a view that is filled for the first time says how far it is, and cannot be rebuilt meanwhile") {
  RunningService service;
  service.stop();
  std::filesystem::remove_all(service.folder() / "views");
  service.topics.set_away(true);
  service.start();
  CHECK_THAT(admin_view(service, "batches"), Contains(R"("phase":"starting")") && Contains(R"("generation":null)"));
  const auto refused = service.post("/admin/views/batches/rebuild");
  CHECK(refused.status == 409);
  CHECK_THAT(refused.body, Contains("view batches: it is being filled for the first time"));
  service.topics.set_away(false);
  service.until_ready();
}

TEST_CASE("a rebuild says how far it is, is one at a time, and takes the place of the file that was served") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  service.topics.set_away(true);
  const auto begun = service.post("/admin/views/products/rebuild");
  CHECK(begun.status == 202);
  CHECK_THAT(begun.body, Contains(R"("name":"products","phase":"live")") && Contains(R"("replacement":{)"));
  CHECK_THAT(service.post("/admin/views/products/rebuild").body, Contains("its next file is being filled"));
  CHECK(service.post("/admin/views/products/rollback").status == 409);
  service.until([&] { return admin_view(service, "products").find("no Kafka broker") != std::string::npos; });
  service.topics.set_away(false);
  until_generation(service, "products", 2);
  CHECK_THAT(admin_view(service, "products"), Contains(R"("previous_generation":1)"));
  CHECK_THAT(admin_view(service, "batches"), Contains(R"("generation":1)"));
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));
}

TEST_CASE("a rebuild that fails leaves the served file alone, says why, and ends once it is mended") {
  const Breakable breakable;
  RunningService service{breakable.views()};
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  *breakable.broken = true;
  CHECK(service.post("/admin/views/products/rebuild").status == 202);
  service.until([&] {
    return admin_view(service, "products").find("allocation.events/0/0 (allocation.v1.BatchCreated") !=
           std::string::npos;
  });
  CHECK(service.get("/readyz").status == 200);
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":3)"));
  *breakable.broken = false;
  until_generation(service, "products", 2);
}

TEST_CASE("going back serves the file before, brought up to date, and stays so after a restart") {
  RunningService service;
  Stream lamp;
  service.topics.publish({lamp.created("b1", 50), lamp.allocated("o1", 3, "b1")});
  service.until_ready();
  CHECK_THAT(service.post("/admin/views/products/rollback").body, Contains("there is no file to go back to"));
  CHECK(service.post("/admin/views/products/rebuild").status == 202);
  until_generation(service, "products", 2);
  service.topics.publish(lamp.allocated("o2", 4, "b1"));
  CHECK(service.get("/products/LAMP?min_version=3&wait=20").status == 200);

  CHECK(service.post("/admin/views/products/rollback").status == 202);
  until_generation(service, "products", 1);
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":7)"));
  CHECK_THAT(admin_view(service, "products"), Contains(R"("previous_generation":2)"));
  service.restart();
  service.until_ready();
  until_generation(service, "products", 1);
  service.topics.publish(lamp.allocated("o3", 5, "b1"));
  CHECK_THAT(service.get("/products/LAMP?min_version=4&wait=20").body, Contains(R"("allocated":12)"));

  CHECK(service.post("/admin/views/products/rollback").status == 202);  // and forth again
  until_generation(service, "products", 2);
  CHECK_THAT(service.get("/products/LAMP").body, Contains(R"("allocated":12)"));
  CHECK(service.post("/admin/views/products/rebuild").status == 202);
  until_generation(service, "products", 3);
  service.until([&] { return service.get("/readyz").status == 200; });
}

TEST_CASE("an operator's mistakes are told") {
  RunningService service;
  service.until_ready();
  CHECK_THAT(service.post("/admin/views/nothing/rebuild").body, Contains("there is no view nothing"));
  CHECK(service.post("/admin/views/nothing/rollback").status == 404);
  CHECK(service.get("/admin/views/products/rebuild").status == 405);
  CHECK(service.post("/admin/views").status == 405);
}
