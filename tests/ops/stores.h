// A shop's day on one or several shards in memory, whose stores and command topics tests work on. Threads: one.
#pragma once

#include <random>

#include "delivery/in_memory_system.h"

namespace orderly::test {

class Day : public InMemorySystem {
 public:
  explicit Day(std::int32_t partitions, unsigned seed = 1) : InMemorySystem(partitions, 7), random_(seed) {}

  // Batches, orders with several lines, payments, cancellations, changed quantities; some commands come twice.
  void run_commands(int count) {
    for (int i = 0; i < count; ++i) {
      send_one(i);
      for (int steps = pick(0, 2); steps > 0; --steps) step(pick(0, partitions() - 1));
    }
    run();
  }

 private:
  int pick(int least, int most) { return std::uniform_int_distribution{least, most}(random_); }
  std::string sku() { return "SKU-" + std::to_string(pick(0, 5)); }

  void send_one(int i) {
    const auto n = std::to_string(i);
    const auto id = "c" + std::to_string(pick(0, 9) == 0 ? pick(0, i) : i);
    const auto order = "o" + std::to_string(pick(0, i / 4));
    const int kind = pick(0, 9);
    if (kind < 2) {
      const auto of = sku();
      return send(
          "allocation.v1.CreateBatch",
          R"({"batch_ref":"b)" + n + R"(","sku":")" + of + R"(","quantity":)" + std::to_string(pick(1, 40)) + "}", id,
          of);
    }
    if (kind < 3) {
      const auto ref = "b" + std::to_string(pick(0, i));
      return send("allocation.v1.ChangeBatchQuantity",
                  R"({"batch_ref":")" + ref + R"(","quantity":)" + std::to_string(pick(0, 40)) + "}", id, ref);
    }
    if (kind < 7) {
      return send("ordering.v1.CreateOrder",
                  R"({"order_id":"o)" + n + R"(","customer_id":"k)" + std::to_string(pick(0, 3)) +
                      R"(","items":[{"sku":")" + sku() +
                      R"(","quantity":2,"unit_price":{"currency":"EUR","minor_units":100}},{"sku":")" + sku() +
                      R"(","quantity":1,"unit_price":{"currency":"EUR","minor_units":5}}]})",
                  id, "o" + n);
    }
    if (kind < 8) {
      return send("ordering.v1.PayOrder",
                  R"({"order_id":")" + order + R"(","amount":{"currency":"EUR","minor_units":205}})", id, order);
    }
    if (kind < 9) {
      return send("ordering.v1.CancelOrder", R"({"order_id":")" + order + R"(","reason":"x"})", id, order);
    }
    send("allocation.v1.Allocate", "{no JSON", id, sku());
  }

  std::mt19937 random_;
};

}  // namespace orderly::test
