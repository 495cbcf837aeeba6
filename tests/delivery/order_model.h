// Orders and customers a second time, for random tests: what each command must come to, by the rules as the contract
// words them, with a few flags and lists. Shares nothing with the aggregates but the types of commands and events.
#pragma once

#include <expected>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "domain/customer.h"
#include "domain/order.h"

namespace orderly::test {

class OrderModel {
 public:
  using Events = std::vector<domain::Order::Event>;
  using Answer = std::expected<Events, domain::RejectionCode>;

  struct Line {
    std::int64_t quantity = 0;
    std::string where;  // a batch, "out", or empty: nothing heard, or lost again
  };

  Answer run(const domain::Order::Command& command, domain::Time now) {
    now_ = now;
    return std::visit([this](const auto& c) { return on(c); }, command);
  }

  bool exists() const { return exists_; }
  bool is_cancelled() const { return cancelled_; }
  bool is_shipped() const { return shipped_; }
  const std::string& customer() const { return customer_; }
  std::int64_t total() const { return total_; }
  const std::map<std::string, Line>& lines() const { return lines_; }

 private:
  using Code = domain::RejectionCode;
  static std::unexpected<Code> no(Code code) { return std::unexpected{code}; }
  static bool is_batch(const std::string& where) { return !where.empty() && where != "out"; }
  bool ended() const { return shipped_ || cancelled_; }
  bool all_allocated() const {
    for (const auto& [sku, line] : lines_) {
      if (!is_batch(line.where)) return false;
    }
    return true;
  }
  template <class Fact>
  Line* line_of(const Fact& fact) {
    const auto at = lines_.find(fact.sku);
    return shipped_ || at == lines_.end() || at->second.quantity != fact.quantity ? nullptr : &at->second;
  }

  Answer on(const domain::CreateOrder& c) {
    if (exists_) return no(Code::order_exists);
    exists_ = true;
    customer_ = c.customer_id;
    std::vector<domain::OrderItem> items;
    for (const auto& one : c.items) {  // by sku in the order of first mention, and within it by price
      total_ += one.quantity * one.unit_price.minor_units;
      if (lines_.contains(one.sku)) continue;
      for (const auto& other : c.items) {
        if (other.sku == one.sku) add(items, other);
      }
    }
    return Events{domain::OrderCreated{c.order_id, c.customer_id, items, {"EUR", total_}, c.created_at.value_or(now_)}};
  }
  void add(std::vector<domain::OrderItem>& items, const domain::OrderItem& item) {
    lines_[item.sku].quantity += item.quantity;
    for (auto& known : items) {
      if (known.sku == item.sku && known.unit_price == item.unit_price) {
        known.quantity += item.quantity;
        return;
      }
    }
    items.push_back(item);
  }
  Answer on(const domain::PayOrder& c) {
    if (!exists_) return no(Code::unknown_order);
    if (paid_ || ended()) return no(Code::wrong_status);
    if (c.amount.minor_units != total_) return no(Code::amount_mismatch);
    paid_ = true;
    return Events{domain::OrderPaid{c.order_id, c.amount}};
  }
  Answer on(const domain::ShipOrder& c) {
    if (!exists_) return no(Code::unknown_order);
    if (!paid_ || ended()) return no(Code::wrong_status);
    if (!all_allocated()) return no(Code::not_allocated);
    shipped_ = true;
    return Events{domain::OrderShipped{c.order_id}};
  }
  Answer on(const domain::CancelOrder& c) {
    if (!exists_) return no(Code::unknown_order);
    if (ended()) return no(Code::wrong_status);
    cancelled_ = true;
    domain::OrderCancelled event{c.order_id, c.reason, paid_, {"EUR", paid_ ? total_ : 0}, {}};
    for (const auto& [sku, line] : lines_) event.skus.push_back(sku);
    return Events{event};
  }
  Answer on(const domain::CancelUnpaidOrder& c) {
    if (!exists_ || paid_ || ended()) return Events{};
    return on(domain::CancelOrder{c.order_id, c.reason});
  }
  Answer on(const domain::RecordAllocation& c) {
    Line* line = line_of(c);
    if (line == nullptr || line->where == c.batch_ref || (cancelled_ && is_batch(line->where))) return Events{};
    const bool was_whole = all_allocated();
    line->where = c.batch_ref;
    if (cancelled_) return Events{domain::LineAllocatedAfterCancel{c.order_id, c.sku, c.quantity, c.batch_ref}};
    Events events{domain::LineAllocated{c.order_id, c.sku, c.quantity, c.batch_ref}};
    if (!was_whole && all_allocated()) events.emplace_back(domain::OrderAllocated{c.order_id});
    return events;
  }
  Answer on(const domain::RecordOutOfStock& c) {
    Line* line = line_of(c);
    if (line == nullptr || cancelled_ || line->where == "out") return Events{};
    line->where = "out";
    return Events{domain::LineOutOfStock{c.order_id, c.sku, c.quantity}};
  }
  Answer on(const domain::RecordDeallocation& c) {
    Line* line = line_of(c);
    if (line == nullptr || line->where.empty()) return Events{};
    line->where.clear();
    return Events{domain::LineDeallocated{c.order_id, c.sku, c.quantity, c.reason}};
  }

  domain::Time now_{};
  bool exists_ = false, paid_ = false, shipped_ = false, cancelled_ = false;
  std::string customer_;
  std::int64_t total_ = 0;
  std::map<std::string, Line> lines_;
};

class CustomerModel {
 public:
  std::vector<domain::Customer::Event> run(const domain::RecordOrder& c) {
    if (!orders_.insert(c.order_id).second) return {};
    spent += c.total.minor_units;
    std::vector<domain::Customer::Event> events{domain::OrderRecorded{c.customer_id, c.order_id, c.total}};
    if (orders_.size() == 3) events.emplace_back(domain::CustomerBecameVip{c.customer_id, c.order_id});
    return events;
  }
  std::int64_t spent = 0;

 private:
  std::set<std::string> orders_;
};

}  // namespace orderly::test
