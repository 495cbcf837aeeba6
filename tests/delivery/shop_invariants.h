// What holds between an order and the products of its lines once nothing is under way any more, whatever happened
// before. Threads: one. Failures: none; what does not hold comes back as sentences.
#pragma once

#include <string>
#include <vector>

#include "domain/order.h"
#include "domain/product.h"

namespace orderly::test {

// An order's line against the product's: the same batch, both waiting, or both without.
inline std::vector<std::string> line_violations(const domain::Order::State& order, const std::string& order_id,
                                                const std::string& sku, const domain::Product::State& product) {
  using domain::Order;
  using domain::Product;
  const auto& line = order.lines.at(sku);
  const auto found = product.lines.find(order_id);
  const auto batch = Product::allocated_batch(product, order_id).value_or("");
  const auto say = [&](const std::string& what) {
    return std::vector{"order " + order_id + ", " + std::string{to_string(order.status)} + ", sku " + sku +
                       ": its batch is '" + line.batch_ref + "', the product's '" + batch + "': " + what};
  };
  if (order.status == domain::OrderStatus::cancelled) {
    // What a client asks for in a cancelled order's name is the client's own affair, until the order is told of it.
    const bool is_its =
        found && product.lines.at(*found).backorder && product.lines.at(*found).quantity == line.quantity;
    if (is_its && !batch.empty()) return say("a cancelled order has stock");
    if (line.status == Order::LineStatus::allocated) return say("a cancelled order believes that it has stock");
  } else if (order.status != domain::OrderStatus::shipped) {  // which no fact changes any more
    if (!found) return say("the product does not know the line");
    // A client's of another quantity made way.
    if (product.lines.at(*found).quantity != line.quantity) return say("their quantities differ");
    if (line.batch_ref != batch) return say("they differ");
    if ((line.status == Order::LineStatus::out_of_stock) != batch.empty()) return say("they differ about waiting");
  }
  return {};
}

// No batch has more allocated than it holds, and its sums are those of its lines.
inline std::vector<std::string> stock_violations(const std::string& sku, const domain::Product::State& product) {
  std::vector<std::string> violations;
  for (domain::BatchNumber number = 0; number < product.batches.size(); ++number) {
    std::int64_t allocated = 0;
    product.lines.newest_first(number, [&](domain::LinePlace, const domain::OpenLine& line) {
      allocated += line.quantity;
      return true;
    });
    const auto room = product.batches.room(number), quantity = product.batches.at(number).quantity;
    if (room >= 0 && allocated + room == quantity) continue;
    violations.push_back("sku " + sku + ", batch " + std::to_string(number) + ": " + std::to_string(allocated) +
                         " allocated, room for " + std::to_string(room) + " of " + std::to_string(quantity));
  }
  return violations;
}

}  // namespace orderly::test
