// What the dashboard counts: orders by status, and the products that somebody should look at.
#include <catch2/catch.hpp>

#include "read-service/views/orders_view.h"
#include "read-service/views/products_view.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;

namespace {

// All pages of a list, as the values of one member.
std::string pages(const RunningService& service, const std::string& target, const std::string& member) {
  std::string seen, token;
  do {
    const auto next = token.empty() ? "" : "&page_token=" + token;
    const auto body = service.get(target + next).body;
    for (auto at = body.find('"' + member + "\":"); at != body.npos; at = body.find('"' + member + "\":", at + 1)) {
      const auto from = at + member.size() + 3;
      seen += body.substr(from, body.find_first_of(",}", from) - from) + ' ';
    }
    const auto at = body.find("\"next_page_token\":\"");
    token = at == body.npos ? "" : body.substr(at + 19, body.find('"', at + 19) - at - 19);
  } while (!token.empty());
  return seen;
}

}  // namespace

TEST_CASE("orders are counted by status as they go from one to the next") {
  RunningService service;
  service.until_ready();
  CHECK(pages(service, "/order-counts?limit=1", "orders") == "0 0 0 0 ");
  OrderStream paid{"o1"}, shipped{"o2"}, cancelled{"o3"}, fresh{"o4"}, refunded{"o5"};
  service.topics.publish({paid.created({{"LAMP"}}), paid.allocated(), paid.paid()});
  service.topics.publish({shipped.created({{"LAMP"}}), shipped.paid(), shipped.allocated(), shipped.shipped()});
  service.topics.publish({cancelled.created({{"LAMP"}}), cancelled.cancelled("changed my mind")});
  service.topics.publish({fresh.created({{"LAMP"}}), refunded.created({{"LAMP"}}), refunded.paid()});
  service.topics.publish(refunded.cancelled("broken"));
  service.until_ready();
  CHECK(service.get("/order-counts").body ==
        R"({"items":[{"status":"created","orders":1},{"status":"paid","orders":1},{"status":"shipped","orders":1},)"
        R"({"status":"cancelled","orders":2}]})");
  CHECK(pages(service, "/order-counts?limit=3", "orders") == "1 1 1 2 ");
  CHECK(service.get("/order-counts?status=paid").status == 400);
}

TEST_CASE("products are listed by sku, or those whose stock runs out, the worst first") {
  RunningService service;
  for (int i = 0; i < 7; ++i) {
    service.topics.publish(Stream{"P" + std::to_string(i)}.created("b" + std::to_string(i), 14 - i));
  }
  Stream waited_for{"W1"}, longed_for{"W2"}, served{"W3"};
  service.topics.publish({waited_for.created("w1", 1), waited_for.out_of_stock("o1", 5, true)});
  service.topics.publish({longed_for.created("w2", 100), longed_for.out_of_stock("o1", 500, true)});
  service.topics.publish({longed_for.out_of_stock("o2", 5, true), longed_for.out_of_stock("o3", 7, false)});
  service.topics.publish({served.created("w3", 5), served.out_of_stock("o1", 9, true)});
  service.topics.publish({served.quantity_changed("w3", 50), served.allocated("o1", 9, "w3")});
  service.until_ready();
  CHECK(pages(service, "/products?limit=3", "sku") == R"("P0" "P1" "P2" "P3" "P4" "P5" "P6" "W1" "W2" "W3" )");
  CHECK(pages(service, "/products?limit=2&stock=low", "sku") == R"("W1" "P6" "P5" "P4" )");
  CHECK(pages(service, "/products?limit=1&stock=low", "available") == "1 8 9 10 ");
  CHECK(pages(service, "/products?limit=1&stock=backordered", "sku") == R"("W2" "W1" )");
  CHECK(pages(service, "/products?stock=backordered", "backordered_quantity") == "505 5 ");
  CHECK(service.get("/products?stock=none").status == 400);
}

TEST_CASE("no list of products is read further than it gives") {
  const TemporaryFolder folder;
  const auto view = read::products_view();
  const read::ViewStore store{view, folder.path() / "products.db"};
  sqlite::Database db{folder.path() / "products.db", sqlite::OpenMode::read_only};
  for (const std::string where :
       {"backordered_lines > 0 AND -backordered_quantity >= 3 ORDER BY -backordered_quantity, sku",
        "quantity - allocated <= 10 AND quantity - allocated >= 3 ORDER BY quantity - allocated, sku"}) {
    sqlite::Statement plan{db, "EXPLAIN QUERY PLAN SELECT * FROM products WHERE " + where};
    REQUIRE(plan.step());
    CHECK_THAT(std::string{plan.text(3)}, Catch::Contains("USING INDEX"));
    CHECK_FALSE(plan.step());  // no sorting
  }
}
