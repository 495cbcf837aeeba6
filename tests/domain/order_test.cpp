// Every decision of the order, its refusals too.
#include "domain/order.h"

#include "given.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using enum RejectionCode;

Money eur(std::int64_t minor_units) { return {"EUR", minor_units}; }
OrderItem item(const std::string& sku, std::int64_t quantity, std::int64_t price) {
  return {sku, quantity, eur(price)};
}
CreateOrder create(std::vector<OrderItem> items) { return {"o1", "c1", std::move(items), {}}; }

const std::vector<OrderItem> two_items{item("LAMP", 2, 100), item("CHAIR", 1, 50)};
const OrderCreated created{"o1", "c1", two_items, eur(250), test_time};
const LineAllocated lamp{"o1", "LAMP", 2, "b1"};
const LineAllocated chair{"o1", "CHAIR", 1, "b2"};
const LineDeallocated lamp_lost{"o1", "LAMP", 2, "BATCH_QUANTITY_CHANGED"};
const OrderAllocated allocated{"o1"};
const OrderPaid paid{"o1", eur(250)};
const OrderShipped shipped{"o1"};
const OrderCancelled cancelled{"o1", "changed my mind", false, eur(0), {"CHAIR", "LAMP"}};

const RecordAllocation record_lamp{"o1", "LAMP", 2, "b1"};
const RecordAllocation record_chair{"o1", "CHAIR", 1, "b2"};
const RecordDeallocation record_lamp_lost{"o1", "LAMP", 2, "BATCH_QUANTITY_CHANGED"};

}  // namespace

TEST_CASE("An order is created with its total and the time of its command", "[order]") {
  given<Order>().when(create(two_items)).then(created);
}

TEST_CASE("An imported order keeps its own time", "[order]") {
  const Time long_ago{std::chrono::milliseconds{86'400'000}};
  given<Order>()
      .when(CreateOrder{"o1", "c1", two_items, long_ago})
      .then(OrderCreated{"o1", "c1", two_items, eur(250), long_ago});
}

TEST_CASE("Items of one sku are summed in the place of the first", "[order]") {
  given<Order>()
      .when(create({item("LAMP", 2, 100), item("CHAIR", 1, 50), item("LAMP", 3, 100)}))
      .then(OrderCreated{"o1", "c1", {item("LAMP", 5, 100), item("CHAIR", 1, 50)}, eur(550), test_time});
}

TEST_CASE("An order may cost nothing, and is paid with nothing", "[order]") {
  const OrderCreated gift{"o1", "c1", {item("LAMP", 1, 0)}, eur(0), test_time};
  given<Order>().when(create({item("LAMP", 1, 0)})).then(gift);
  given<Order>(gift).when(PayOrder{"o1", eur(0)}).then(OrderPaid{"o1", eur(0)});
}

TEST_CASE("An order that exists is not created again, whatever became of it", "[order]") {
  given<Order>(created)
      .when(create(two_items))
      .then_rejected(order_exists, "order_id", "order_id: order 'o1' exists already");
  given<Order>(created, cancelled).when(create(two_items)).then_rejected(order_exists, "order_id");
}

TEST_CASE("A new order with a bad field names it", "[order]") {
  const auto nothing = given<Order>();
  nothing.when(CreateOrder{"", "c1", two_items, {}}).then_rejected(invalid_command, "order_id");
  nothing.when(CreateOrder{"o1", "", two_items, {}}).then_rejected(invalid_command, "customer_id");
  nothing.when(create({item("LAMP", 1, 1), item("", 1, 1)})).then_rejected(invalid_command, "items[1].sku");
  nothing.when(create({item("LAMP", 0, 1)}))
      .then_rejected(invalid_command, "items[0].quantity", "items[0].quantity: must be at least 1, got 0");
  nothing.when(create({item("LAMP", 1, -1)})).then_rejected(invalid_command, "items[0].unit_price.minor_units");
  nothing.when(create({{"LAMP", 1, {"eur", 1}}})).then_rejected(invalid_command, "items[0].unit_price.currency");
}

TEST_CASE("An order has one to a thousand items", "[order]") {
  const auto items = [](std::size_t count) {
    std::vector<OrderItem> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(item("SKU-" + std::to_string(i), 1, 1));
    return result;
  };
  const auto nothing = given<Order>();
  nothing.when(create({})).then_rejected(invalid_command, "items", "items: must have at least 1 item, got 0");
  nothing.when(create(items(1000))).then(OrderCreated{"o1", "c1", items(1000), eur(1000), test_time});
  nothing.when(create(items(1001)))
      .then_rejected(invalid_command, "items", "items: must have at most 1000 items, got 1001");
}

TEST_CASE("Items of one sku at two prices are one line, and the total is exact", "[order]") {
  const OrderCreated at_two_prices{
      "o1", "c1", {item("LAMP", 4, 100), item("LAMP", 2, 99), item("CHAIR", 1, 50)}, eur(648), test_time};
  given<Order>()
      .when(create({item("LAMP", 1, 100), item("CHAIR", 1, 50), item("LAMP", 2, 99), item("LAMP", 3, 100)}))
      .then(at_two_prices);
  const auto order = given<Order>(at_two_prices);
  CHECK(order.state().lines.at("LAMP").quantity == 6);
  CHECK(order.state().unallocated == 2);
  order.when(RecordAllocation{"o1", "LAMP", 6, "b1"}).then(LineAllocated{"o1", "LAMP", 6, "b1"});
  order.when(RecordAllocation{"o1", "LAMP", 4, "b1"}).then();
  given<Order>()
      .when(create({item("LAMP", 2'147'483'647, 1), item("LAMP", 1, 2)}))
      .then_rejected(invalid_command, "items[1].quantity");
}

TEST_CASE("The currencies of an order must agree", "[order]") {
  given<Order>()
      .when(create({item("LAMP", 1, 100), {"CHAIR", 1, {"USD", 100}}}))
      .then_rejected(invalid_command, "items[1].unit_price",
                     "items[1].unit_price: must be in the currency of the first item, EUR, got USD");
}

TEST_CASE("The quantities of one sku together have a limit", "[order]") {
  given<Order>()
      .when(create({item("LAMP", 2'147'483'647, 1), item("LAMP", 1, 1)}))
      .then_rejected(invalid_command, "items[1].quantity");
}

TEST_CASE("A total past 64 bits is refused, whether one item or the sum passes them", "[order]") {
  constexpr std::int64_t most = 9'223'372'036'854'775'807;
  given<Order>().when(create({item("LAMP", 2, most)})).then_rejected(invalid_command, "items");
  given<Order>().when(create({item("LAMP", 1, most), item("CHAIR", 1, 1)})).then_rejected(invalid_command, "items");
  given<Order>()
      .when(create({item("LAMP", 1, most)}))
      .then(OrderCreated{"o1", "c1", {item("LAMP", 1, most)}, eur(most), test_time});
}

TEST_CASE("An order is paid with its total", "[order]") {
  given<Order>(created).when(PayOrder{"o1", eur(250)}).then(paid);
}

TEST_CASE("A payment that differs by a minor unit or in currency is refused", "[order]") {
  const auto order = given<Order>(created);
  order.when(PayOrder{"o1", eur(249)})
      .then_rejected(amount_mismatch, "amount", "amount: must be the total, EUR 250, got EUR 249");
  order.when(PayOrder{"o1", eur(251)}).then_rejected(amount_mismatch, "amount");
  order.when(PayOrder{"o1", {"USD", 250}}).then_rejected(amount_mismatch, "amount");
}

TEST_CASE("A line's allocation is recorded, once", "[order]") {
  given<Order>(created).when(record_lamp).then(lamp);
  given<Order>(created, lamp).when(record_lamp).then();
}

TEST_CASE("The last line's allocation makes the order allocated", "[order]") {
  given<Order>(created, lamp).when(record_chair).then(chair, allocated);
  given<Order>(created, paid, lamp).when(record_chair).then(chair, allocated);
}

TEST_CASE("A line moved to another batch is recorded, and the order is not allocated a second time", "[order]") {
  given<Order>(created, lamp, chair, allocated)
      .when(RecordAllocation{"o1", "LAMP", 2, "b9"})
      .then(LineAllocated{"o1", "LAMP", 2, "b9"});
}

TEST_CASE("A line out of stock is recorded, once", "[order]") {
  const LineOutOfStock out{"o1", "LAMP", 2};
  given<Order>(created).when(RecordOutOfStock{"o1", "LAMP", 2}).then(out);
  given<Order>(created, out).when(RecordOutOfStock{"o1", "LAMP", 2}).then();
  given<Order>(created, out, chair).when(record_lamp).then(lamp, allocated);
}

TEST_CASE("A deallocation made good makes the order allocated again", "[order]") {
  given<Order>(created, lamp, chair, allocated).when(record_lamp_lost).then(lamp_lost);
  given<Order>(created, lamp, chair, allocated, lamp_lost).when(record_lamp).then(lamp, allocated);
  given<Order>(created, lamp, lamp_lost).when(record_lamp_lost).then();
}

TEST_CASE("An order that lost a line is not shipped", "[order]") {
  given<Order>(created, lamp, chair, allocated, paid, lamp_lost)
      .when(ShipOrder{"o1"})
      .then_rejected(not_allocated, "order_id", "order_id: order 'o1' must have every line allocated, 1 of 2 are not");
}

TEST_CASE("A fact about a line that the order does not have changes nothing", "[order]") {
  const auto order = given<Order>(created);
  order.when(RecordAllocation{"o1", "TABLE", 2, "b1"}).then();
  order.when(RecordAllocation{"o1", "LAMP", 3, "b1"}).then();
  order.when(RecordOutOfStock{"o1", "TABLE", 2}).then();
  order.when(RecordDeallocation{"o1", "TABLE", 2, ""}).then();
}

TEST_CASE("A cancelled order names every line that is to be given back", "[order]") {
  given<Order>(created, lamp).when(CancelOrder{"o1", "changed my mind"}).then(cancelled);
}

TEST_CASE("A paid order that is cancelled says what to refund", "[order]") {
  given<Order>(created, paid)
      .when(CancelOrder{"o1", "too late"})
      .then(OrderCancelled{"o1", "too late", true, eur(250), {"CHAIR", "LAMP"}});
}

TEST_CASE("An allocation that comes after the order was cancelled is to be given back, once", "[order]") {
  const LineAllocatedAfterCancel late{"o1", "LAMP", 2, "b1"};
  given<Order>(created, cancelled).when(record_lamp).then(late);
  given<Order>(created, cancelled, late).when(record_lamp).then();
  given<Order>(created, cancelled, late)
      .when(RecordDeallocation{"o1", "LAMP", 2, "REQUESTED"})
      .then(LineDeallocated{"o1", "LAMP", 2, "REQUESTED"});
  given<Order>(created, lamp, cancelled).when(record_chair).then(LineAllocatedAfterCancel{"o1", "CHAIR", 1, "b2"});
}

TEST_CASE("A line of a cancelled order that moves to another batch needs no second give-back", "[order]") {
  given<Order>(created, lamp, cancelled).when(RecordAllocation{"o1", "LAMP", 2, "b9"}).then();
}

TEST_CASE("A cancelled order stays cancelled, whatever is recorded", "[order]") {
  const auto order = given<Order>(created, cancelled, LineAllocatedAfterCancel{"o1", "LAMP", 2, "b1"},
                                  LineAllocatedAfterCancel{"o1", "CHAIR", 1, "b2"});
  CHECK(order.state().status == OrderStatus::cancelled);
  order.when(CancelOrder{"o1", ""}).then_rejected(wrong_status, "order_id");
}

TEST_CASE("A command about an order with a bad field names it", "[order]") {
  const auto order = given<Order>(created);
  order.when(PayOrder{"", eur(250)}).then_rejected(invalid_command, "order_id");
  order.when(PayOrder{"o1", {"", 250}}).then_rejected(invalid_command, "amount.currency");
  order.when(PayOrder{"o1", eur(-1)}).then_rejected(invalid_command, "amount.minor_units");
  order.when(ShipOrder{""}).then_rejected(invalid_command, "order_id");
  order.when(CancelOrder{"", ""}).then_rejected(invalid_command, "order_id");
  order.when(CancelOrder{"o1", std::string(501, 'x')}).then_rejected(invalid_command, "reason");
  order.when(RecordAllocation{"", "LAMP", 2, "b1"}).then_rejected(invalid_command, "order_id");
  order.when(RecordAllocation{"o1", "", 2, "b1"}).then_rejected(invalid_command, "sku");
  order.when(RecordAllocation{"o1", "LAMP", 0, "b1"}).then_rejected(invalid_command, "quantity");
  order.when(RecordAllocation{"o1", "LAMP", 2, ""}).then_rejected(invalid_command, "batch_ref");
  order.when(RecordOutOfStock{"o1", "", 2}).then_rejected(invalid_command, "sku");
  order.when(RecordDeallocation{"o1", "", 2, ""}).then_rejected(invalid_command, "sku");
  order.when(RecordDeallocation{"o1", "LAMP", 2, std::string(501, 'x')}).then_rejected(invalid_command, "reason");
}

TEST_CASE("An order's stream is that of the command's order", "[order]") {
  CHECK(Order::aggregate_id(create({})) == "o1");
  CHECK(Order::aggregate_id(PayOrder{"o1", {}}) == "o1");
  CHECK(Order::aggregate_id(ShipOrder{"o1"}) == "o1");
  CHECK(Order::aggregate_id(CancelOrder{"o1", ""}) == "o1");
  CHECK(Order::aggregate_id(record_lamp) == "o1");
  CHECK(Order::aggregate_id(RecordOutOfStock{"o1", "LAMP", 2}) == "o1");
  CHECK(Order::aggregate_id(record_lamp_lost) == "o1");
}
