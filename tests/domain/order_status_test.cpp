// Every state of an order against every command: one table, so that no pair is forgotten.
// A cell says the code of a refusal, or the name of the first event, or "-" for accepted without one.
// The order has one line; "lost" is a state in which its batch took the line away again.
#include <array>

#include "domain/order.h"
#include "given.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;

constexpr std::size_t command_count = 8;
using Cells = std::array<std::string, command_count>;
struct Row {
  std::string state;
  std::vector<Order::Event> history;
  Cells cells;
};

const std::vector<OrderItem> items{{"LAMP", 2, {"EUR", 100}}};
const std::array<Order::Command, command_count> commands{CreateOrder{"o1", "c1", items, {}},
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
const std::vector<Row> table{
    {"none", {}, {"OrderCreated", "UNKNOWN_ORDER", "UNKNOWN_ORDER", "UNKNOWN_ORDER", "-", "-", "-", "-"}},
    {"created",
     {created},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated",
      "LineOutOfStock", "-"}},
    {"created, allocated",
     {created, lamp, all},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "-", "LineOutOfStock",
      "LineDeallocated"}},
    {"created, out of stock",
     {created, out},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated", "-",
      "LineDeallocated"}},
    {"created, lost",
     {created, lamp, all, lost},
     {"ORDER_EXISTS", "OrderPaid", "WRONG_STATUS", "OrderCancelled", "OrderCancelled", "LineAllocated",
      "LineOutOfStock", "-"}},
    {"paid",
     {created, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated", "LineOutOfStock", "-"}},
    {"paid, allocated",
     {created, lamp, all, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "OrderShipped", "OrderCancelled", "-", "-", "LineOutOfStock", "LineDeallocated"}},
    {"paid, out of stock",
     {created, out, paid},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated", "-", "LineDeallocated"}},
    {"paid, lost",
     {created, lamp, all, paid, lost},
     {"ORDER_EXISTS", "WRONG_STATUS", "NOT_ALLOCATED", "OrderCancelled", "-", "LineAllocated", "LineOutOfStock", "-"}},
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

std::string outcome(const std::vector<Order::Event>& history, const Order::Command& command) {
  const auto decision = validate_and_decide<Order>(given_all<Order>(history).state(), command);
  if (!decision) return std::string{to_string(decision.error().code)};
  if (decision->empty()) return "-";
  return std::visit([](const auto& event) { return printing::type_name<std::decay_t<decltype(event)>>(); },
                    decision->front());
}

}  // namespace

TEST_CASE("Every command has its answer in every state of an order", "[order]") {
  for (const Row& row : table) {
    for (std::size_t i = 0; i < command_count; ++i) {
      INFO("state: " << row.state << ", command " << commands[i].index());
      CHECK(outcome(row.history, commands[i]) == row.cells[i]);
    }
  }
}

TEST_CASE("A fact told twice adds nothing in any state of an order", "[order]") {
  for (const Row& row : table) {
    for (std::size_t i = 5; i < command_count; ++i) {
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
