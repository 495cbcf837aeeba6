#include "domain/customer.h"

namespace orderly::domain {
namespace {

std::optional<Rejection> check(const RecordOrder& c) {
  if (auto problem = check_id("customer_id", c.customer_id)) return problem;
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  return check_money("total", c.total);
}

Decision<Customer::Event> decide_on(const Customer::State& state, const RecordOrder& c) {
  std::vector<Customer::Event> events;
  if (state.orders.contains(c.order_id)) return events;
  events.emplace_back(OrderRecorded{c.customer_id, c.order_id, c.total});
  if (!state.vip && state.orders.size() + 1 >= orders_of_a_vip) {
    events.emplace_back(CustomerBecameVip{c.customer_id, c.order_id});
  }
  return events;
}

Decision<Customer::Event> decide_on(const Customer::State& state, const ForgetCustomer& c) {
  if (state.orders.empty()) {
    return std::unexpected(
        Rejection{RejectionCode::unknown_customer, "customer_id", "customer_id: no such customer has ordered"});
  }
  if (state.forgotten) return std::vector<Customer::Event>{};
  return std::vector<Customer::Event>{CustomerForgotten{c.customer_id}};
}

}  // namespace

std::optional<Rejection> Customer::validate(const Command& command) {
  return std::visit(overloaded{[](const RecordOrder& c) { return check(c); },
                               [](const ForgetCustomer& c) { return check_id("customer_id", c.customer_id); }},
                    command);
}

Decision<Customer::Event> Customer::decide(const State& state, const Command& command, Time) {
  return std::visit(overloaded{[&](const RecordOrder& c) { return decide_on(state, c); },
                               [&](const ForgetCustomer& c) { return decide_on(state, c); }},
                    command);
}

void Customer::evolve(State& state, const Event& event) {
  std::visit(overloaded{[&](const OrderRecorded& e) { state.orders.insert(e.order_id); },
                        [&](const CustomerBecameVip&) { state.vip = true; },
                        [&](const CustomerForgotten&) { state.forgotten = true; }},
             event);
}

std::size_t Customer::approximate_bytes(const State& state) {
  constexpr std::size_t bytes_an_order = 128;  // a tree node and an id of some 40 bytes
  return sizeof(State) + state.orders.size() * bytes_an_order;
}

const std::string& Customer::aggregate_id(const Command& command) {
  return std::visit(overloaded{[](const RecordOrder& c) -> const std::string& { return c.customer_id; },
                               [](const ForgetCustomer& c) -> const std::string& { return c.customer_id; }},
                    command);
}

}  // namespace orderly::domain
