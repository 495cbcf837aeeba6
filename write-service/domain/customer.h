// What a customer has ordered: the third order makes a VIP, once. Contract: decider.h.
// Every order's id is kept, so that the same order told twice counts once; a step costs O(log orders).
// An order counts when it is made: cancelling it later takes nothing back.
// Where ids are sealed (storage/customer_keys.h), customer_id is the sealed one; to forget a customer is to destroy his
// key, and what is left here tells of nobody.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "domain/decider.h"
#include "domain/values.h"

namespace orderly::domain {

inline constexpr std::size_t orders_of_a_vip = 3;

inline constexpr std::string_view sealed_prefix = "sealed-";
constexpr bool is_sealed(std::string_view customer_id) { return customer_id.starts_with(sealed_prefix); }

struct RecordOrder {
  std::string customer_id;
  std::string order_id;
  Money total;
  bool operator==(const RecordOrder&) const = default;
};

struct ForgetCustomer {
  std::string customer_id;
  bool operator==(const ForgetCustomer&) const = default;
};

struct OrderRecorded {
  std::string customer_id;
  std::string order_id;
  Money total;
  bool operator==(const OrderRecorded&) const = default;
};
struct CustomerBecameVip {
  std::string customer_id;
  std::string order_id;  // the order that made him one
  bool operator==(const CustomerBecameVip&) const = default;
};
struct CustomerForgotten {
  std::string customer_id;
  bool operator==(const CustomerForgotten&) const = default;
};

struct Customer {
  using Command = std::variant<RecordOrder, ForgetCustomer>;
  using Event = std::variant<OrderRecorded, CustomerBecameVip, CustomerForgotten>;
  static constexpr std::string_view stream_category = "customer";

  struct State {
    std::set<std::string, std::less<>> orders;
    bool vip = false;
    bool forgotten = false;
    bool operator==(const State&) const = default;
  };

  static std::optional<Rejection> validate(const Command& command);
  static Decision<Event> decide(const State& state, const Command& command, Time now);
  static void evolve(State& state, const Event& event);
  static std::size_t approximate_bytes(const State& state);
  static const std::string& aggregate_id(const Command& command);
};

static_assert(Decider<Customer>);

}  // namespace orderly::domain
