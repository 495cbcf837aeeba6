// Any order in which shards run, with crashes and repeats in between, ends in a state that holds together: what the
// orders believe of their lines is what the products have. The seed of a failing run is in the message.
#include <random>

#include "delivery/in_memory_system.h"

namespace orderly::test {
namespace {

using domain::Order;
using domain::Product;

constexpr int runs = 250;
constexpr int commands_a_run = 60;

class RandomShop {
 public:
  explicit RandomShop(unsigned seed)
      : random_(seed),
        partitions_(pick(1, 4)),
        system_(partitions_, static_cast<std::size_t>(pick(1, 5)), handling()) {}

  void run() {
    for (int i = 0; i < commands_a_run; ++i) {
      send_any(i);
      for (int steps = pick(0, 3); steps > 0; --steps) system_.step(pick(0, partitions_ - 1));
      if (pick(0, 19) == 0) system_.restart();
    }
    system_.run();
    system_.run_at(1'700'000'000'000 + 10'000'000);  // every deadline has passed
  }

  InMemorySystem& system() { return system_; }
  std::set<std::string> skus{"A", "B", "C"};
  std::set<std::string> orders;

 private:
  int pick(int least, int most) { return std::uniform_int_distribution{least, most}(random_); }
  handling::CommandHandler::Options handling() {
    handling::CommandHandler::Options options;
    if (pick(0, 1) == 1) options.policies.payment_deadline = std::chrono::seconds{pick(0, 60)};
    return options;
  }
  std::string sku() { return std::string(1, static_cast<char>('A' + pick(0, 2))); }
  std::string order() { return *orders.insert("o" + std::to_string(pick(1, 8))).first; }
  std::string number(int least, int most) { return std::to_string(pick(least, most)); }

  void send_any(int i) {
    const int kind = pick(0, 99);
    const auto id = "c" + std::to_string(pick(0, 9) == 0 ? pick(0, i) : i);  // some ids come twice
    if (kind < 15)
      return send(
          "allocation.v1.CreateBatch",
          R"({"batch_ref":"b)" + number(1, 6) + R"(","sku":")" + sku() + R"(","quantity":)" + number(1, 12) + "}", id);
    if (kind < 30)
      return send("allocation.v1.ChangeBatchQuantity",
                  R"({"batch_ref":"b)" + number(1, 6) + R"(","quantity":)" + number(0, 12) + "}", id);
    if (kind < 40)
      return send("allocation.v1.Allocate",
                  R"({"order_id":")" + order() + R"(","sku":")" + sku() + R"(","quantity":)" + number(1, 3) +
                      R"(,"backorder":)" + (pick(0, 1) == 1 ? "true}" : "false}"),
                  id);
    if (kind < 65)
      return send("ordering.v1.CreateOrder",
                  R"({"order_id":")" + order() + R"(","customer_id":"k)" + number(1, 2) + R"(","items":[{"sku":")" +
                      sku() + R"(","quantity":2,"unit_price":{"currency":"EUR","minor_units":50}}]})",
                  id);
    if (kind < 80)
      return send("ordering.v1.PayOrder",
                  R"({"order_id":")" + order() + R"(","amount":{"currency":"EUR","minor_units":100}})", id);
    const auto what = kind < 90 ? "ordering.v1.ShipOrder" : "ordering.v1.CancelOrder";
    send(what, R"({"order_id":")" + order() + R"("})", id);
  }
  void send(const std::string& type, const std::string& json, const std::string& id) {
    system_.send(type, json, id, "k", pick(0, partitions_ - 1));  // the key says nothing: any partition
  }

  std::mt19937 random_;
  int partitions_;
  InMemorySystem system_;
};

// An order's line against the product's: the same batch, both waiting, or both without.
void check_line(RandomShop& shop, const std::string& order_id, const std::string& sku, const Order::Line& line) {
  const auto& product = shop.system().state<Product>(sku);
  const auto& order = shop.system().state<Order>(order_id);
  const auto found = product.lines.find(order_id);
  const auto batch = Product::allocated_batch(product, order_id).value_or("");
  INFO("order " << order_id << ' ' << to_string(order.status) << ", sku " << sku << ", line's batch '" << line.batch_ref
                << "', product's '" << batch << "', known " << found.has_value());
  if (order.status == domain::OrderStatus::cancelled) {
    // What a client asks for in a cancelled order's name is the client's own affair, until the order is told of it.
    const bool is_its =
        found && product.lines.at(*found).backorder && product.lines.at(*found).quantity == line.quantity;
    CHECK((!is_its || batch.empty()));
    CHECK(line.status != Order::LineStatus::allocated);
  } else if (order.status != domain::OrderStatus::shipped) {  // which no fact changes any more
    REQUIRE(found);
    CHECK(product.lines.at(*found).quantity == line.quantity);  // a client's of another quantity made way
    CHECK(line.batch_ref == batch);
    CHECK((line.status == Order::LineStatus::out_of_stock) == batch.empty());
  }
}

void check_stock(const Product::State& product) {
  for (domain::BatchNumber number = 0; number < product.batches.size(); ++number) {
    std::int64_t allocated = 0;
    product.lines.newest_first(number, [&](domain::LinePlace, const domain::OpenLine& line) {
      allocated += line.quantity;
      return true;
    });
    CHECK(product.batches.room(number) >= 0);
    CHECK(allocated + product.batches.room(number) == product.batches.at(number).quantity);
  }
}

}  // namespace

TEST_CASE("any interleaving of orders, stock and crashes ends in one consistent state", "[property]") {
  for (unsigned seed = 1; seed <= runs; ++seed) {
    INFO("seed " << seed);
    RandomShop shop{seed};
    shop.run();
    for (const auto& order_id : shop.orders) {
      for (const auto& [sku, line] : shop.system().state<Order>(order_id).lines) check_line(shop, order_id, sku, line);
    }
    for (const auto& sku : shop.skus) check_stock(shop.system().state<Product>(sku));
    CHECK(shop.system().events("CustomerBecameVip").size() <= 2);
  }
}

}  // namespace orderly::test
