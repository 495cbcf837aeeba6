#include "domain/order_items.h"

#include <algorithm>
#include <unordered_map>

namespace orderly::domain {
namespace {

std::string item_field(std::size_t index, std::string_view name) {
  return "items[" + std::to_string(index) + "]." + std::string{name};
}

std::optional<Rejection> check_count(std::size_t count) {
  if (count == 0) return invalid("items", "must have at least 1 item, got 0");
  if (count <= max_order_items) return std::nullopt;
  return invalid("items",
                 "must have at most " + std::to_string(max_order_items) + " items, got " + std::to_string(count));
}

// The names of the fields are put together only for a bad item: a good order pays nothing for them.
std::optional<Rejection> check_item(const OrderItem& item, std::size_t index) {
  const bool good = !check_id("sku", item.sku) && !check_quantity("quantity", item.quantity) &&
                    !check_money("unit_price", item.unit_price);
  if (good) return std::nullopt;
  if (auto problem = check_id(item_field(index, "sku"), item.sku)) return problem;
  if (auto problem = check_quantity(item_field(index, "quantity"), item.quantity)) return problem;
  return check_money(item_field(index, "unit_price"), item.unit_price);
}

Rejection another_currency(const std::vector<OrderItem>& items, std::size_t index) {
  return invalid(item_field(index, "unit_price"), "must be in the currency of the first item, " +
                                                      items.front().unit_price.currency + ", got " +
                                                      items[index].unit_price.currency);
}

Rejection too_many(std::int64_t together, std::size_t index) {
  return invalid(item_field(index, "quantity"), "the sku's items must come to at most " + std::to_string(max_quantity) +
                                                    " together, got " + std::to_string(together));
}

// A further item of a known sku: to the one that has its price, or as a new one behind those of its sku.
void merge(std::vector<OrderItem>& items, const OrderItem& item) {
  auto at = std::ranges::find(items, item.sku, &OrderItem::sku);
  for (; at != items.end() && at->sku == item.sku; ++at) {
    if (at->unit_price != item.unit_price) continue;
    at->quantity += item.quantity;
    return;
  }
  items.insert(at, item);
}

std::optional<Money> add_up(const std::vector<OrderItem>& items) {
  std::optional total = Money{items.front().unit_price.currency, 0};
  for (const OrderItem& item : items) {
    const auto price = multiply(item.unit_price, item.quantity);
    total = total && price ? add(*total, *price) : std::nullopt;
  }
  return total;
}

}  // namespace

std::expected<PricedItems, Rejection> price_items(const std::vector<OrderItem>& items) {
  if (auto problem = check_count(items.size())) return std::unexpected(*std::move(problem));
  PricedItems result;
  std::unordered_map<std::string_view, std::int64_t> known;  // sku -> quantity
  for (std::size_t i = 0; i < items.size(); ++i) {
    const OrderItem& item = items[i];
    if (auto problem = check_item(item, i)) return std::unexpected(*std::move(problem));
    if (item.unit_price.currency != items.front().unit_price.currency) {
      return std::unexpected(another_currency(items, i));
    }
    const auto [at, is_new] = known.emplace(item.sku, item.quantity);
    if (is_new) {
      result.items.push_back(item);
      continue;
    }
    if ((at->second += item.quantity) > max_quantity) return std::unexpected(too_many(at->second, i));
    merge(result.items, item);
  }
  const auto total = add_up(result.items);
  if (!total) return std::unexpected(invalid("items", "the total must be at most 9223372036854775807 minor units"));
  result.total = *total;
  return result;
}

}  // namespace orderly::domain
