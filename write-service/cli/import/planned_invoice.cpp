#include "cli/import/planned_invoice.h"

#include <algorithm>

#include "domain/order.h"

namespace orderly::cli::importing {
namespace {

constexpr std::string_view currency = "GBP";

ordering::v1::Money money(std::int64_t pence) {
  ordering::v1::Money money;
  money.set_currency(std::string{currency});
  money.set_minor_units(pence);
  return money;
}

}  // namespace

InvoicePlanner::InvoicePlanner(sqlite::Database& db, const PlanRules& rules)
    : rules_(rules),
      commands_(db, rules.run_id),
      complain_(db, "INSERT INTO lines(line, reason) VALUES (?1, ?2)"),
      settle_(db,
              "INSERT INTO lines(line, command, reason) SELECT line, ?2, ?3 FROM parsed WHERE first = ?1 "
              "ON CONFLICT(line) DO NOTHING"),
      demand_(db,
              "INSERT INTO demand VALUES (?1, ?2, ?2) ON CONFLICT(code) DO UPDATE SET "
              "total = total + ?2, largest = max(largest, ?2)"),
      may_be_cancelled_(db, "INSERT INTO cancellable VALUES (?1, ?2, ?3)"),
      candidates_(db, "SELECT number FROM cancellable WHERE customer = ?1 AND day >= ?2 ORDER BY number DESC"),
      cancelled_(db, "DELETE FROM cancellable WHERE customer = ?1 AND number = ?2"),
      message_(db, "SELECT payload FROM commands WHERE number = ?1") {}

void InvoicePlanner::take(const Line& line) {
  if (invoice_ && invoice_->head.first != line.first) finish();
  if (!invoice_) invoice_ = Invoice{line, {}, {}, {}};
  if (const auto reason = add(line.line)) complain_.run(line.number, *reason);
}

void InvoicePlanner::finish() {
  if (!invoice_) return;
  if (const auto reason = check_whole()) {
    settle_lines(std::nullopt, reason);
  } else if (invoice_->head.line.is_cancellation) {
    plan_cancellation();
  } else {
    plan_order();
  }
  invoice_.reset();
}

// Why the line does not fit into its invoice, if it does not.
std::optional<Reason> InvoicePlanner::add(const OrderLine& line) {
  auto& [head, items, by_price, quantities] = *invoice_;
  if (line.customer != head.line.customer) return Reason::other_customer;
  auto& together = quantities[line.code];
  if (together + line.quantity > domain::max_quantity) return Reason::quantity_too_large;
  together += line.quantity;
  const auto [at, is_new] = by_price.emplace(std::pair{line.code, line.price_pence}, items.size());
  if (is_new) {
    items.push_back({line.code, line.quantity, line.price_pence});
  } else {
    items[at->second].quantity += line.quantity;
  }
  return std::nullopt;
}

std::optional<Reason> InvoicePlanner::check_whole() const {
  const auto& [head, items, by_price, quantities] = *invoice_;
  if (head.line.is_cancellation && head.line.customer.empty()) return Reason::no_customer;
  if (items.size() > domain::max_order_items) return Reason::too_many_codes;
  return std::nullopt;
}

void InvoicePlanner::plan_order() {
  const auto& [head, items, by_price, quantities] = *invoice_;
  ordering::v1::CreateOrder order;
  order.set_order_id(commands_.of_run(head.line.invoice));
  const auto& customer = head.line.customer;
  order.set_customer_id(customer.empty() ? "guest-" + order.order_id() : customer);
  order.mutable_created_at()->set_seconds(head.line.created_at_s);
  std::optional total = domain::Money{std::string{currency}, 0};
  for (const auto& item : items) {
    auto& added = *order.add_items();
    added.set_sku(item.code);
    added.set_quantity(item.quantity);
    *added.mutable_unit_price() = money(item.price_pence);
    const auto price = domain::multiply({std::string{currency}, item.price_pence}, item.quantity);
    total = total && price ? domain::add(*total, *price) : std::nullopt;
  }
  if (!total) return settle_lines(std::nullopt, Reason::total_too_large);
  for (const auto& [code, quantity] : quantities) demand_.run(code, quantity);
  commands_.order(next_number_, head.line.invoice, order, money(total->minor_units));
  if (!customer.empty()) may_be_cancelled_.run(customer, next_number_, day());
  settle_lines(next_number_, std::nullopt);
  next_number_ += 3;
}

void InvoicePlanner::plan_cancellation() {
  const auto order = find_order_to_cancel();
  if (!order) return settle_lines(std::nullopt, Reason::nothing_to_cancel);
  const auto& head = invoice_->head.line;
  commands_.cancellation(next_number_, head.invoice, *order, order_.order_id());
  cancelled_.run(head.customer, *order);
  settle_lines(next_number_, std::nullopt);
  ++next_number_;
}

std::optional<std::int64_t> InvoicePlanner::find_order_to_cancel() {
  candidates_.bind(invoice_->head.line.customer, day() - rules_.cancel_within_days);
  std::optional<std::int64_t> found;
  while (!found && candidates_.step()) {
    if (holds_all(candidates_.integer(0))) found = candidates_.integer(0);
  }
  candidates_.reset();
  return found;
}

// Leaves the order in `order_`.
bool InvoicePlanner::holds_all(std::int64_t number) {
  message_.bind(number);
  if (!message_.step()) throw std::logic_error{"an order without its CreateOrder"};
  const auto bytes = message_.blob(0);
  const bool parsed = order_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  message_.reset();
  if (!parsed) throw std::logic_error{"a CreateOrder that cannot be read"};
  std::map<std::string_view, std::int64_t> quantities;
  for (const auto& item : order_.items()) quantities[item.sku()] += item.quantity();
  return std::ranges::all_of(invoice_->quantities, [&](const auto& wanted) {
    const auto at = quantities.find(wanted.first);
    return at != quantities.end() && at->second >= wanted.second;
  });
}

// Of the invoice's lines those that nothing was said against one by one.
void InvoicePlanner::settle_lines(std::optional<std::int64_t> command, std::optional<Reason> reason) {
  settle_.run(invoice_->head.first, command, reason);
}

}  // namespace orderly::cli::importing
