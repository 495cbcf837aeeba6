// The items of a new order, summed by sku and price. Pure functions, callable from any thread.
// All prices have one currency; a sku's quantity stays within max_quantity, the total within 64 bits.
// Whatever does not is an invalid_command that names the item: items[2].unit_price.
#pragma once

#include <expected>
#include <vector>

#include "domain/order.h"

namespace orderly::domain {

struct PricedItems {
  std::vector<OrderItem> items;  // one a sku and price, those of one sku together, in the order of first mention
  Money total;
};

std::expected<PricedItems, Rejection> price_items(const std::vector<OrderItem>& items);

// Calls line(sku, quantity) once for each sku of such items, with the sum over its prices.
template <class Line>
void for_each_sku(const std::vector<OrderItem>& items, const Line& line) {
  for (std::size_t i = 0; i < items.size();) {
    const std::string& sku = items[i].sku;
    std::int64_t quantity = 0;
    for (; i < items.size() && items[i].sku == sku; ++i) quantity += items[i].quantity;
    line(sku, quantity);
  }
}

}  // namespace orderly::domain
