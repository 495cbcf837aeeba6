// The items of a new order, summed by sku and priced. A pure function, callable from any thread.
// One sku has one price, all prices one currency; a sku's quantity stays within max_quantity, the total within 64 bits.
// Whatever does not is an invalid_command that names the item: items[2].unit_price.
#pragma once

#include <expected>
#include <vector>

#include "domain/order.h"

namespace orderly::domain {

struct PricedItems {
  std::vector<OrderItem> items;  // one a sku, in the order of first mention
  Money total;
};

std::expected<PricedItems, Rejection> price_items(const std::vector<OrderItem>& items);

}  // namespace orderly::domain
