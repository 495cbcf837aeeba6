// Any order in which shards run, with crashes and repeats in between, ends in a state that holds together: what the
// orders believe of their lines is what the products have. The seed of a failing run is in the message.
#include <random>

#include "delivery/in_memory_system.h"
#include "delivery/shop_invariants.h"

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

}  // namespace

TEST_CASE("any interleaving of orders, stock and crashes ends in one consistent state", "[property]") {
  for (unsigned seed = 1; seed <= runs; ++seed) {
    INFO("seed " << seed);
    RandomShop shop{seed};
    shop.run();
    for (const auto& order_id : shop.orders) {
      const auto& order = shop.system().state<Order>(order_id);
      for (const auto& [sku, line] : order.lines) {
        CHECK(line_violations(order, order_id, sku, shop.system().state<Product>(sku)).empty());
      }
    }
    for (const auto& sku : shop.skus) CHECK(stock_violations(sku, shop.system().state<Product>(sku)).empty());
    CHECK(shop.system().events("CustomerBecameVip").size() <= 2);
  }
}

}  // namespace orderly::test
