// Orders over the whole write side: what follows from what, over several aggregates and shards.
#include "delivery/in_memory_system.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::test {
namespace {

using domain::Order;
using domain::OrderStatus;

// The words of a shop: every command has the id "<order>-<what>".
class Shop : public InMemorySystem {
 public:
  using InMemorySystem::InMemorySystem;

  void stock(const std::string& ref, const std::string& sku, int quantity) {
    send("allocation.v1.CreateBatch",
         R"({"batch_ref":")" + ref + R"(","sku":")" + sku + R"(","quantity":)" + std::to_string(quantity) + "}", ref,
         sku);
  }
  void change(const std::string& ref, int quantity, const std::string& id) {
    send("allocation.v1.ChangeBatchQuantity",
         R"({"batch_ref":")" + ref + R"(","quantity":)" + std::to_string(quantity) + "}", id, ref);
  }
  void allocate(const std::string& order, const std::string& sku, int quantity, const std::string& id) {
    send("allocation.v1.Allocate",
         R"({"order_id":")" + order + R"(","sku":")" + sku + R"(","quantity":)" + std::to_string(quantity) + "}", id,
         sku);
  }
  void create(const std::string& order, const std::vector<std::pair<std::string, int>>& lines,
              const std::string& customer = "c1") {
    std::string items;
    for (const auto& [sku, quantity] : lines) {
      items += (items.empty() ? "" : ",") + (R"({"sku":")" + sku + R"(","quantity":)") + std::to_string(quantity) +
               R"(,"unit_price":{"currency":"EUR","minor_units":100}})";
    }
    send("ordering.v1.CreateOrder",
         R"({"order_id":")" + order + R"(","customer_id":")" + customer + R"(","items":[)" + items + "]}",
         order + "-create", order);
  }
  void pay(const std::string& order, int minor_units) {
    send("ordering.v1.PayOrder",
         R"({"order_id":")" + order + R"(","amount":{"currency":"EUR","minor_units":)" + std::to_string(minor_units) +
             "}}",
         order + "-pay", order);
  }
  void ship(const std::string& order, const std::string& id = "") {
    send("ordering.v1.ShipOrder", R"({"order_id":")" + order + R"("})", id.empty() ? order + "-ship" : id, order);
  }
  void cancel(const std::string& order) {
    send("ordering.v1.CancelOrder", R"({"order_id":")" + order + R"(","reason":"changed my mind"})", order + "-cancel",
         order);
  }
  // "created 1/2": status, and how many of its lines are allocated.
  std::string order(const std::string& id) {
    const auto& found = state<Order>(id);
    return std::string{to_string(found.status)} + ' ' + std::to_string(found.lines.size() - found.unallocated) + '/' +
           std::to_string(found.lines.size());
  }
  std::size_t open_lines(const std::string& sku) { return state<domain::Product>(sku).lines.size(); }
};

}  // namespace

TEST_CASE("an order is created, allocated, paid and shipped") {
  const auto partitions = GENERATE(1, 4);
  Shop shop{partitions};
  shop.stock("b1", "LAMP", 10);
  shop.stock("b2", "CHAIR", 10);
  shop.create("o1", {{"LAMP", 2}, {"CHAIR", 1}, {"LAMP", 1}});
  shop.run();
  CHECK(shop.order("o1") == "created 2/2");
  CHECK(shop.state<Order>("o1").lines.at("LAMP").quantity == 3);
  CHECK(shop.state<Order>("o1").lines.at("LAMP").batch_ref == "b1");
  shop.pay("o1", 400);
  shop.ship("o1");
  shop.run();
  CHECK(shop.order("o1") == "shipped 2/2");

  std::vector<std::string> types, versions;
  for (const auto& event : shop.records(topics::ordering_events)) {
    types.push_back(event.header("ce_type"));
    versions.push_back(event.header("ce_streamversion"));
    CHECK(event.header("ce_subject") == "o1");
  }
  CHECK(types == std::vector<std::string>{"ordering.v1.OrderCreated", "ordering.v1.OrderAllocated",
                                          "ordering.v1.OrderPaid", "ordering.v1.OrderShipped"});
  CHECK(versions == std::vector<std::string>{"1", "2", "3", "4"});
  // Everything that the order led to is one conversation.
  for (const auto& event : shop.events("Allocated")) CHECK(event.header("ce_correlationid") == "o1-create");
}

TEST_CASE("refusals of orders name code and field") {
  Shop shop;
  shop.pay("o1", 1);
  shop.create("o2", {{"LAMP", 1}});
  shop.run();
  CHECK(shop.outcome("o1-pay") == "REJECTED UNKNOWN_ORDER");
  shop.pay("o2", 99);
  shop.ship("o2");
  shop.run();
  CHECK(shop.outcome("o2-pay") == "REJECTED AMOUNT_MISMATCH");
  CHECK(shop.result("o2-pay").field() == "amount");
  CHECK(shop.outcome("o2-ship") == "REJECTED WRONG_STATUS");
  CHECK(shop.result("o2-ship").version() == 1);
}

TEST_CASE("an order waits for stock, is not shipped before, and gets it first come first served") {
  Shop shop{3};
  shop.create("o1", {{"LAMP", 2}});  // of a sku that nobody has heard of yet
  shop.create("o2", {{"LAMP", 1}});
  shop.run();
  CHECK(shop.order("o1") == "created 0/1");
  CHECK(shop.state<Order>("o1").lines.at("LAMP").status == Order::LineStatus::out_of_stock);
  shop.pay("o1", 200);
  shop.ship("o1");
  shop.run();
  CHECK(shop.outcome("o1-ship") == "REJECTED NOT_ALLOCATED");
  shop.stock("b1", "LAMP", 2);
  shop.run();
  CHECK(shop.order("o1") == "paid 1/1");
  CHECK(shop.order("o2") == "created 0/1");
  shop.ship("o1", "again");
  shop.run();
  CHECK(shop.outcome("again") == "ACCEPTED");
}

TEST_CASE("a cancelled order gives its lines back, allocated or waiting, and they go to who waits") {
  Shop shop{2};
  shop.stock("b1", "LAMP", 2);
  shop.create("o1", {{"LAMP", 2}, {"CHAIR", 1}});
  shop.run();
  shop.create("o2", {{"LAMP", 1}});
  shop.run();
  CHECK(shop.order("o2") == "created 0/1");
  shop.cancel("o1");
  shop.run();
  CHECK(shop.order("o1") == "cancelled 0/2");
  CHECK(shop.order("o2") == "created 1/1");
  CHECK(shop.open_lines("CHAIR") == 0);
  const auto cancelled = shop.events("OrderCancelled").at(0).as<ordering::v1::OrderCancelled>();
  CHECK_FALSE(cancelled.was_paid());
  CHECK_FALSE(cancelled.has_refund());
}

TEST_CASE("a paid order that is cancelled says what is owed") {
  Shop shop;
  shop.stock("b1", "LAMP", 2);
  shop.create("o1", {{"LAMP", 2}});
  shop.pay("o1", 200);
  shop.cancel("o1");  // while allocation is under way
  shop.run();
  CHECK(shop.order("o1") == "cancelled 0/1");
  CHECK(shop.open_lines("LAMP") == 0);
  const auto cancelled = shop.events("OrderCancelled").at(0).as<ordering::v1::OrderCancelled>();
  CHECK(cancelled.was_paid());
  CHECK(cancelled.refund().minor_units() == 200);
}

TEST_CASE("a batch cut down under an order takes its line, and the order knows") {
  Shop shop{2};
  shop.stock("b1", "LAMP", 2);
  shop.create("o1", {{"LAMP", 2}});
  shop.pay("o1", 200);
  shop.run();
  shop.change("b1", 1, "cut");
  shop.run();
  CHECK(shop.order("o1") == "paid 0/1");
  shop.ship("o1");
  shop.stock("b2", "LAMP", 5);
  shop.run();
  CHECK(shop.outcome("o1-ship") == "REJECTED NOT_ALLOCATED");
  CHECK(shop.order("o1") == "paid 1/1");
  CHECK(shop.state<Order>("o1").lines.at("LAMP").batch_ref == "b2");
  CHECK(shop.events("OrderAllocated").size() == 2);
}

TEST_CASE("a line allocated in an order's name before the order came is the order's") {
  Shop shop{2};
  shop.stock("b1", "LAMP", 3);
  shop.allocate("o1", "LAMP", 3, "early");
  shop.run();
  shop.create("o1", {{"LAMP", 3}});
  shop.run();
  CHECK(shop.order("o1") == "created 1/1");
  CHECK(shop.events("Allocated").size() == 1);
  shop.change("b1", 1, "cut");
  shop.run();
  CHECK(shop.order("o1") == "created 0/1");
  CHECK(shop.state<Order>("o1").lines.at("LAMP").status == Order::LineStatus::out_of_stock);
  CHECK(shop.open_lines("LAMP") == 1);  // it waits, though it was first asked for without backorder
}

TEST_CASE("a line of another quantity in an order's name makes way for the order's own") {
  const auto quantity = GENERATE(2, 4);
  Shop shop{2};
  shop.stock("b1", "LAMP", 5);
  shop.allocate("o1", "LAMP", quantity, "early");
  shop.run();
  shop.create("o1", {{"LAMP", 3}});
  shop.run();
  CHECK(shop.order("o1") == "created 1/1");
  CHECK(shop.state<domain::Product>("LAMP").batches.room(0) == 2);
  CHECK(shop.events("Deallocated").at(0).as<allocation::v1::Deallocated>().reason() == "REPLACED");
  shop.allocate("o1", "LAMP", quantity, "late");
  shop.pay("o1", 300);
  shop.ship("o1");
  shop.run();
  CHECK(shop.outcome("late") == "REJECTED LINE_EXISTS");
  CHECK(shop.order("o1") == "shipped 1/1");
}

TEST_CASE("a line that waited in an order's name in another quantity loses its place to the order's own") {
  Shop shop{2};
  shop.send("allocation.v1.Allocate", R"({"order_id":"o1","sku":"LAMP","quantity":1,"backorder":true})", "early",
            "LAMP");
  shop.create("o1", {{"LAMP", 3}});
  shop.run();
  shop.create("o2", {{"LAMP", 2}});
  shop.stock("b1", "LAMP", 3);
  shop.run();
  CHECK(shop.order("o1") == "created 1/1");
  CHECK(shop.order("o2") == "created 0/1");
}

TEST_CASE("one sku at two prices is one line of the order, allocated together") {
  Shop shop{2};
  shop.stock("b1", "LAMP", 10);
  shop.send("ordering.v1.CreateOrder",
            R"({"order_id":"o1","customer_id":"c1","items":[)"
            R"({"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR","minor_units":100}},)"
            R"({"sku":"LAMP","quantity":2,"unit_price":{"currency":"EUR","minor_units":80}}]})",
            "o1-create", "o1");
  shop.pay("o1", 260);
  shop.run();
  REQUIRE(shop.events("Allocated").size() == 1);
  CHECK(shop.events("Allocated").at(0).as<allocation::v1::Allocated>().quantity() == 3);
  CHECK(shop.order("o1") == "paid 1/1");
  CHECK(shop.events("OrderCreated").at(0).as<ordering::v1::OrderCreated>().items_size() == 2);
}

TEST_CASE("a line that waited in an order's name before the order came is told to the order") {
  Shop shop{2};
  shop.send("allocation.v1.Allocate", R"({"order_id":"o1","sku":"LAMP","quantity":1,"backorder":true})", "early",
            "LAMP");
  shop.run();
  shop.create("o1", {{"LAMP", 1}});
  shop.run();
  CHECK(shop.state<Order>("o1").lines.at("LAMP").status == Order::LineStatus::out_of_stock);
  shop.stock("b1", "LAMP", 1);
  shop.run();
  CHECK(shop.order("o1") == "created 1/1");
}

TEST_CASE("the third order makes a VIP, once, however often orders are sent") {
  const auto partitions = GENERATE(1, 3);
  Shop shop{partitions};
  for (int round = 0; round < 2; ++round) {
    for (const auto* order : {"o1", "o2", "o3", "o4"}) shop.create(order, {{"LAMP", 1}}, "ann");
    shop.create("o5", {{"LAMP", 1}}, "bob");
    shop.run();
    shop.restart();
  }
  REQUIRE(shop.events("CustomerBecameVip").size() == 1);
  const auto vip = shop.events("CustomerBecameVip").front();
  CHECK(vip.header("ce_subject") == "ann");
  CHECK(vip.header("ce_streamversion") == "1");
  CHECK(shop.state<domain::Customer>("ann").orders.size() == 4);
}

TEST_CASE("a payment deadline is withdrawn by the payment, and harmless when it comes anyway") {
  handling::CommandHandler::Options handling;
  handling.policies.payment_deadline = std::chrono::hours{1};
  Shop shop{2, 100, handling};
  shop.create("o1", {{"LAMP", 1}});
  shop.create("o2", {{"LAMP", 1}});
  shop.run();
  shop.restart();
  shop.pay("o1", 100);
  shop.run();
  shop.run_at(1'700'000'000'000 + 3'599'000);
  CHECK(shop.order("o2") == "created 0/1");
  shop.run_at(1'700'000'000'000 + 3'700'000);
  CHECK(shop.order("o1") == "paid 0/1");
  CHECK(shop.order("o2") == "cancelled 0/1");
  CHECK(shop.open_lines("LAMP") == 1);
  shop.run_at(1'700'000'000'000 + 9'000'000);
  CHECK(shop.events("OrderCancelled").size() == 1);
  shop.send("ordering.v1.CancelUnpaidOrder", R"({"order_id":"o1","reason":"late"})", "late", "o1");
  shop.run();
  CHECK(shop.outcome("late") == "ACCEPTED");
  CHECK(shop.order("o1") == "paid 0/1");
}

}  // namespace orderly::test
