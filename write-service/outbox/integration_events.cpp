#include "outbox/integration_events.h"

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "topics.h"

namespace orderly::outbox {
namespace {

namespace published = allocation::v1;
namespace ordering = ::ordering::v1;
namespace customer = ::customer::v1;

using Published = std::optional<IntegrationEvent>;

IntegrationEvent event(std::string_view type, const google::protobuf::Message& message) {
  return {topics::allocation_events, type, message.SerializeAsString()};
}

Published order_event(std::string_view type, const google::protobuf::Message& message) {
  return IntegrationEvent{topics::ordering_events, type, message.SerializeAsString()};
}

Published customer_event(std::string_view type, const google::protobuf::Message& message) {
  return IntegrationEvent{topics::customer_events, type, message.SerializeAsString()};
}

void put(ordering::Money& to, const domain::Money& from) {
  to.set_currency(from.currency);
  to.set_minor_units(from.minor_units);
}

Published publish(const domain::OrderCreated& e) {
  ordering::OrderCreated m;
  m.set_order_id(e.order_id);
  m.set_customer_id(e.customer_id);
  for (const auto& item : e.items) {
    auto& to = *m.add_items();
    to.set_sku(item.sku);
    to.set_quantity(item.quantity);
    put(*to.mutable_unit_price(), item.unit_price);
  }
  put(*m.mutable_total(), e.total);
  const auto unix_ms = e.created_at.time_since_epoch().count();
  m.mutable_created_at()->set_seconds(unix_ms / 1000);
  m.mutable_created_at()->set_nanos(static_cast<std::int32_t>(unix_ms % 1000) * 1'000'000);
  return order_event("ordering.v1.OrderCreated", m);
}

Published publish(const domain::OrderPaid& e) {
  ordering::OrderPaid m;
  m.set_order_id(e.order_id);
  put(*m.mutable_amount(), e.amount);
  return order_event("ordering.v1.OrderPaid", m);
}

Published publish(const domain::OrderCancelled& e) {
  ordering::OrderCancelled m;
  m.set_order_id(e.order_id);
  m.set_reason(e.reason);
  m.set_was_paid(e.was_paid);
  if (e.was_paid) put(*m.mutable_refund(), e.refund);
  return order_event("ordering.v1.OrderCancelled", m);
}

template <class Message>
Published only_the_order(std::string_view type, const std::string& order_id) {
  Message m;
  m.set_order_id(order_id);
  return order_event(type, m);
}

}  // namespace

std::optional<IntegrationEvent> to_integration_event(const domain::Product::Event& event_of_domain) {
  return std::visit(domain::overloaded{
                        [](const domain::BatchCreated& e) -> Published {
                          published::BatchCreated m;
                          m.set_batch_ref(e.batch_ref);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          if (e.eta) m.set_eta(domain::to_string(*e.eta));
                          return event("allocation.v1.BatchCreated", m);
                        },
                        [](const domain::BatchQuantityChanged& e) -> Published {
                          published::BatchQuantityChanged m;
                          m.set_batch_ref(e.batch_ref);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          return event("allocation.v1.BatchQuantityChanged", m);
                        },
                        [](const domain::Allocated& e) -> Published {
                          published::Allocated m;
                          m.set_order_id(e.order_id);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          m.set_batch_ref(e.batch_ref);
                          return event("allocation.v1.Allocated", m);
                        },
                        [](const domain::Deallocated& e) -> Published {
                          published::Deallocated m;
                          m.set_order_id(e.order_id);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          m.set_batch_ref(e.batch_ref);
                          m.set_reason(e.reason);
                          return event("allocation.v1.Deallocated", m);
                        },
                        [](const domain::OutOfStock& e) -> Published {
                          published::OutOfStock m;
                          m.set_sku(e.sku);
                          m.set_order_id(e.order_id);
                          m.set_quantity(e.quantity);
                          m.set_backordered(e.backordered);
                          return event("allocation.v1.OutOfStock", m);
                        },
                        // Nothing has happened to the line: it is a promise to the order.
                        [](const domain::BackorderPromised&) { return Published{}; },
                    },
                    event_of_domain);
}

// Who claimed which reference is this service's own affair.
std::optional<IntegrationEvent> to_integration_event(const domain::BatchReference::Event&) { return std::nullopt; }

// What an order learns of its lines is published by the products, as their own events.
std::optional<IntegrationEvent> to_integration_event(const domain::Order::Event& event_of_domain) {
  return std::visit(domain::overloaded{
                        [](const domain::OrderCreated& e) { return publish(e); },
                        [](const domain::OrderAllocated& e) {
                          return only_the_order<ordering::OrderAllocated>("ordering.v1.OrderAllocated", e.order_id);
                        },
                        [](const domain::OrderPaid& e) { return publish(e); },
                        [](const domain::OrderShipped& e) {
                          return only_the_order<ordering::OrderShipped>("ordering.v1.OrderShipped", e.order_id);
                        },
                        [](const domain::OrderCancelled& e) { return publish(e); },
                        [](const domain::LineAllocated&) { return Published{}; },
                        [](const domain::LineOutOfStock&) { return Published{}; },
                        [](const domain::LineDeallocated&) { return Published{}; },
                        [](const domain::LineAllocatedAfterCancel&) { return Published{}; },
                    },
                    event_of_domain);
}

// Whose an order is, its creation says, but for one whose customer is sealed.
std::optional<IntegrationEvent> to_integration_event(const domain::Customer::Event& event_of_domain) {
  return std::visit(domain::overloaded{
                        [](const domain::OrderRecorded& e) -> Published {
                          if (!domain::is_sealed(e.customer_id)) return std::nullopt;
                          customer::OrderRecorded m;
                          m.set_customer_id(e.customer_id);
                          m.set_order_id(e.order_id);
                          put(*m.mutable_total(), e.total);
                          return customer_event("customer.v1.OrderRecorded", m);
                        },
                        [](const domain::CustomerBecameVip& e) -> Published {
                          customer::CustomerBecameVip m;
                          m.set_customer_id(e.customer_id);
                          m.set_order_id(e.order_id);
                          return customer_event("customer.v1.CustomerBecameVip", m);
                        },
                        [](const domain::CustomerForgotten& e) -> Published {
                          customer::CustomerForgotten m;
                          m.set_customer_id(e.customer_id);
                          return customer_event("customer.v1.CustomerForgotten", m);
                        },
                    },
                    event_of_domain);
}

}  // namespace orderly::outbox
