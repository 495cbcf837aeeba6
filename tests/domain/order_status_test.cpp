// Every state of an order against every command: one table, so that no pair is forgotten.
// The order has one line; "lost" is a state in which its batch took the line away again.
#include "domain/order.h"
#include "state_table.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;

const std::vector<OrderItem> items{{"LAMP", 2, {"EUR", 100}}};
const std::vector<Order::Command> commands{CreateOrder{"o1", "c1", items, {}},
                                           PayOrder{"o1", {"EUR", 200}},
                                           ShipOrder{"o1"},
                                           CancelOrder{"o1", "no"},
                                           CancelUnpaidOrder{"o1", "unpaid"},
                                           RecordAllocation{"o1", "LAMP", 2, "b1"},
                                           RecordOutOfStock{"o1", "LAMP", 2},
                                           RecordDeallocation{"o1", "LAMP", 2, ""}};

const OrderCreated created{"o1", "c1", items, {"EUR", 200}, test_time};
const LineAllocated lamp{"o1", "LAMP", 2, "b1"};
const OrderAllocated all{"o1"};
const LineDeallocated lost{"o1", "LAMP", 2, ""};
const LineOutOfStock out{"o1", "LAMP", 2};
const OrderPaid paid{"o1", {"EUR", 200}};
const OrderShipped shipped{"o1"};
const OrderCancelled cancelled{"o1", "no", false, {"EUR", 0}, {"LAMP"}};
const OrderCancelled refunded{"o1", "no", true, {"EUR", 200}, {"LAMP"}};
const LineAllocatedAfterCancel late{"o1", "LAMP", 2, "b1"};

// In the order of the commands above: create, pay, ship, cancel, deadline; allocated, out of stock, deallocated.
const std::vector<StateRow<Order>> table{
    {"none", {}, {"OrderCreated", "UNKNOWN_ORDER", "UNKNOWN_ORDER", "UNKNOWN_ORDER", "-", "-", "-", "-"}},
    {"created",
     {created},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated OrderAllocated",
      "LineOutOfStock", "-"}},
    {"created, allocated",
     {created, lamp, all},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "-", "LineOutOfStock",
      "LineDeallocated"}},
    {"created, out of stock",
     {created, out},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated OrderAllocated",
      "-", "LineDeallocated"}},
    {"created, lost",
     {created, lamp, all, lost},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated OrderAllocated",
      "LineOutOfStock", "-"}},
    {"paid",
     {created, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated OrderAllocated",
      "LineOutOfStock", "-"}},
    {"paid, allocated",
     {created, lamp, all, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "OrderShipped", "OrderCancelled", "-", "-", "LineOutOfStock", "LineDeallocated"}},
    {"paid, out of stock",
     {created, out, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated OrderAllocated", "-",
      "LineDeallocated"}},
    {"paid, lost",
     {created, lamp, all, paid, lost},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated OrderAllocated",
      "LineOutOfStock", "-"}},
    {"shipped",
     {created, lamp, all, paid, shipped},
     {"ORDER_EXISTS", "WRONG_STATUS", "WRONG_STATUS", "WRONG_STATUS", "-", "-", "-", "-"}},
    {"cancelled",
     {created, cancelled},
     {"ORDER_EXISTS", "WRONG_STATUS", "WRONG_STATUS", "WRONG_STATUS", "-", "LineAllocatedAfterCancel", "-", "-"}},
    {"cancelled, allocated",
     {created, lamp, all, cancelled},
     {"ORDER_EXISTS", "WRONG_STATUS", "WRONG_STATUS", "WRONG_STATUS", "-", "-", "-", "LineDeallocated"}},
    {"cancelled, allocated late",
     {created, cancelled, late},
     {"ORDER_EXISTS", "WRONG_STATUS", "WRONG_STATUS", "WRONG_STATUS", "-", "-", "-", "LineDeallocated"}},
    {"cancelled, paid",
     {created, paid, refunded},
     {"ORDER_EXISTS", "WRONG_STATUS", "WRONG_STATUS", "WRONG_STATUS", "-", "LineAllocatedAfterCancel", "-", "-"}},
};

}  // namespace

TEST_CASE("Every command has its answer in every state of an order", "[order]") { check_table(table, commands); }

TEST_CASE("A fact told twice adds nothing in any state of an order", "[order]") {
  for (const auto& row : table) {
    for (std::size_t i = 5; i < commands.size(); ++i) {
      Order::State state = given_all<Order>(row.history).state();
      const auto first = validate_and_decide<Order>(state, commands[i]);
      REQUIRE(first);
      for (const auto& event : *first) Order::evolve(state, event);
      const auto again = validate_and_decide<Order>(state, commands[i]);
      INFO("state: " << row.state << ", command " << commands[i].index());
      CHECK((again && again->empty()));
    }
  }
}
