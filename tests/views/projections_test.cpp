// What each view makes of the events, on a real database.
#include <catch2/catch.hpp>

#include "read-service/all_views.h"
#include "tests/views/projected_view.h"

using namespace orderly;
using namespace orderly::test;

TEST_CASE("the allocations of an order are its lines with their batches, as the book shows them", "[book]") {
  // tests/integration/test_views.py: two skus, another order beside, a later batch of the second sku takes nothing.
  ProjectedView view{read::allocations_view()};
  Stream first{"sku1"}, second{"sku2"};
  view.given({first.created("sku1batch", 50), second.created("sku2batch", 50, "2011-01-02"),
              first.allocated("order1", 20, "sku1batch"), second.allocated("order1", 20, "sku2batch"),
              first.created("sku1batch-later", 50, "2011-01-03"), first.allocated("otherorder", 30, "sku1batch"),
              second.allocated("otherorder", 10, "sku2batch")});
  CHECK(view.json("order1") == R"([{"sku":"sku1","batch_ref":"sku1batch","quantity":20},)"
                               R"({"sku":"sku2","batch_ref":"sku2batch","quantity":20}])");
}

TEST_CASE("a deallocated line leaves the view and comes back with its new batch", "[book]") {
  // The same file: test_deallocation.
  ProjectedView view{read::allocations_view()};
  Stream lamp;
  view.given({lamp.created("b1", 50), lamp.created("b2", 50), lamp.allocated("o1", 40, "b1")});
  view.given({lamp.quantity_changed("b1", 10), lamp.deallocated("o1", 40, "b1")});
  CHECK(view.json("o1") == "none");
  view.given({lamp.allocated("o1", 40, "b2")});
  CHECK(view.json("o1") == R"([{"sku":"LAMP","batch_ref":"b2","quantity":40}])");
}

TEST_CASE("an order's version is the highest of the streams of its lines, and its tag changes with each event") {
  ProjectedView view{read::allocations_view()};
  Stream lamp, chair{"CHAIR"};
  for (int i = 0; i < 9; ++i) view.given({lamp.created("b" + std::to_string(i), 5)});
  view.given({lamp.allocated("o1", 1, "b1")});
  const auto before = view.resource("o1");
  CHECK(before.version == 10);
  view.given({chair.created("c1", 5), chair.allocated("o1", 1, "c1")});
  const auto after = view.resource("o1");
  CHECK(after.version == 10);
  CHECK(after.etag != before.etag);
}

TEST_CASE("an order that only waits for stock has a version and no allocation") {
  ProjectedView view{read::allocations_view()};
  Stream lamp;
  view.given({lamp.created("b1", 1), lamp.out_of_stock("o1", 5, true)});
  CHECK(view.resource("o1").version == 2);
  CHECK_FALSE(view.resource("o1").json);
}

TEST_CASE("allocations are listed by order and sku, filtered by sku, batch or both") {
  ProjectedView view{read::allocations_view()};
  Stream lamp, chair{"CHAIR"};
  view.given({lamp.allocated("o2", 1, "b1"), lamp.allocated("o1", 2, "b2"), chair.allocated("o1", 3, "c1")});
  const auto keys = [&](http::Parameters filters) {
    std::string found;
    for (const auto& row : view.rows({.filters = std::move(filters), .after = {}, .most = 0})) {
      found += row.key[0] + '/' + row.key[1] + ' ';
    }
    return found;
  };
  CHECK(keys({}) == "o1/CHAIR o1/LAMP o2/LAMP ");
  CHECK(keys({{"sku", "LAMP"}}) == "o1/LAMP o2/LAMP ");
  CHECK(keys({{"batch_ref", "b2"}}) == "o1/LAMP ");
  CHECK(keys({{"batch_ref", "b2"}, {"sku", "CHAIR"}}).empty());
}

TEST_CASE("a batch shows quantity, what is allocated, what is available, eta and version") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  view.given({lamp.created("b1", 50, "2011-01-31"), lamp.allocated("o1", 20, "b1"), lamp.allocated("o2", 5, "b1")});
  CHECK(view.json("b1") == R"({"batch_ref":"b1","sku":"LAMP","quantity":50,"allocated":25,"available":25,)"
                           R"("eta":"2011-01-31","version":3})");
  view.given({lamp.deallocated("o1", 20, "b1"), lamp.quantity_changed("b1", 7)});
  CHECK(view.json("b1") == R"({"batch_ref":"b1","sku":"LAMP","quantity":7,"allocated":5,"available":2,)"
                           R"("eta":"2011-01-31","version":5})");
}

TEST_CASE("a batch in the warehouse has no eta, and its version moves only when it changes") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  view.given({lamp.created("b1", 1), lamp.created("b2", 2), lamp.allocated("o1", 1, "b2")});
  CHECK(view.json("b1") ==
        R"({"batch_ref":"b1","sku":"LAMP","quantity":1,"allocated":0,"available":1,"eta":null,"version":1})");
  CHECK(view.resource("b1").version == 3);  // what min_version is compared with: the sku's stream
  CHECK(view.resource("b1").etag == "1");
}

TEST_CASE("giving up a waiting line changes no batch") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  view.given({lamp.created("b1", 1), lamp.out_of_stock("o1", 5, true), lamp.deallocated("o1", 5, "")});
  CHECK(view.resource("b1").etag == "1");
}

TEST_CASE("a product shows the totals over its batches") {
  ProjectedView view{read::products_view()};
  Stream lamp;
  view.given({lamp.created("b1", 50), lamp.created("b2", 30), lamp.allocated("o1", 20, "b1"),
              lamp.quantity_changed("b2", 40), lamp.deallocated("o1", 20, "b1"), lamp.allocated("o2", 3, "b1")});
  CHECK(view.json("LAMP") == R"({"sku":"LAMP","quantity":90,"allocated":3,"available":87,"batches":2,)"
                             R"("backordered_lines":0,"backordered_quantity":0,"version":6})");
}

TEST_CASE("a line waits from its backorder until it is allocated or given up") {
  ProjectedView view{read::products_view()};
  Stream lamp;
  const auto waiting = [&] {
    const auto json = view.json("LAMP");
    const auto from = json.find("\"backordered_lines\"");
    return json.substr(from, json.find(",\"version\"") - from);
  };
  view.given({lamp.created("b1", 1), lamp.out_of_stock("o1", 5, true), lamp.out_of_stock("o2", 6, true)});
  CHECK(waiting() == R"("backordered_lines":2,"backordered_quantity":11)");
  view.given({lamp.out_of_stock("o3", 7, false)});
  CHECK(waiting() == R"("backordered_lines":2,"backordered_quantity":11)");
  view.given({lamp.created("b2", 5), lamp.allocated("o1", 5, "b2")});
  CHECK(waiting() == R"("backordered_lines":1,"backordered_quantity":6)");
  view.given({lamp.deallocated("o2", 6, "")});
  CHECK(waiting() == R"("backordered_lines":0,"backordered_quantity":0)");
}

TEST_CASE("a line that goes out of stock twice waits once") {
  ProjectedView view{read::products_view()};
  Stream lamp;
  view.given({lamp.created("b1", 1), lamp.out_of_stock("o1", 5, true), lamp.out_of_stock("o1", 5, true)});
  CHECK(view.json("LAMP").find(R"("backordered_lines":1,"backordered_quantity":5)") != std::string::npos);
}

TEST_CASE("a product as of a version or a time is what it was then") {
  ProjectedView view{read::products_view()};
  Stream lamp, chair{"CHAIR"};
  std::vector<std::string> answers{"none"};
  const auto time = [](std::size_t i) { return "2026-01-01T00:00:" + std::to_string(10 + i) + "Z"; };
  for (std::int64_t i = 0; i < 40; ++i) {
    lamp.at(time(answers.size()));
    const auto order_id = "o" + std::to_string(i);
    view.given({i % 4 == 0   ? lamp.created("b" + std::to_string(i), i + 1)
                : i % 4 == 1 ? lamp.out_of_stock(order_id, i, true)
                             : lamp.allocated(order_id, 1, "b0")});
    view.given({chair.at(time(0)).created("c" + std::to_string(i), 1)});
    answers.push_back(view.json("LAMP"));
  }
  for (std::size_t i = 1; i < answers.size(); ++i) {
    CHECK(view.json_at("LAMP", static_cast<std::int64_t>(i)) == answers[i]);
    CHECK(view.json_at("LAMP", time(i)) == answers[i]);
  }
  CHECK(view.json_at("LAMP", 41) == "none");
  CHECK(view.json_at("LAMP", time(0)) == "none");
  CHECK(view.json_at("LAMP", "2030-01-01T00:00:00Z") == answers.back());
  CHECK(view.json_at("DESK", 1) == "none");
}

TEST_CASE("a product's versions keep their order in time when a sender's clock goes back") {
  ProjectedView view{read::products_view()};
  Stream lamp;
  view.given({lamp.at("2026-01-05T00:00:00Z").created("b1", 1), lamp.at("2026-01-01T00:00:00Z").created("b2", 1)});
  CHECK(view.json_at("LAMP", "2026-01-03T00:00:00Z") == "none");
  CHECK_THAT(view.json_at("LAMP", "2026-01-05T00:00:00Z"), Catch::Contains(R"("version":2)"));
}

TEST_CASE("a command's result is what the write service published, and the same again changes nothing") {
  ProjectedView view{read::command_results_view()};
  view.given({accepted("c1", 7)});
  const auto first = view.resource("c1");
  CHECK(first.json ==
        R"({"command_id":"c1","type":"allocation.v1.Allocate","status":"ACCEPTED","code":"","message":"",)"
        R"("aggregate_id":"LAMP","version":7,"batch_ref":"B1","out_of_stock":false})");
  view.given({accepted("c1", 7), accepted("c1", 7)});
  CHECK(view.resource("c1").json == first.json);
  CHECK(view.resource("c1").etag == first.etag);
  CHECK(view.json("c2") == "none");
}

TEST_CASE("a refused command shows code, field and message") {
  messaging::v1::CommandResult refused;
  refused.set_command_id("c1");
  refused.set_status(messaging::v1::REJECTED);
  refused.set_code("UNKNOWN_SKU");
  refused.set_field("sku");
  refused.set_message("no \"LAMP\" here");
  ProjectedView view{read::command_results_view()};
  view.given({to_record("command.results", refused, "c1", 0)});
  CHECK(view.json("c1") ==
        R"({"command_id":"c1","type":"","status":"REJECTED","code":"UNKNOWN_SKU",)"
        R"("message":"no \"LAMP\" here","aggregate_id":"","version":0,"field":"sku","out_of_stock":false})");
}
