#include "storage/stored_events.pb.h"
#include "storage/stored_form.h"

namespace orderly::storage {
namespace {

StoredForm encode_event(const domain::OrderCreated& e) {
  stored::OrderCreated m;
  m.set_customer_id(e.customer_id);
  m.set_currency(e.total.currency);  // every item's too
  m.set_total_minor_units(e.total.minor_units);
  m.set_created_at_ms(e.created_at.time_since_epoch().count());
  for (const auto& item : e.items) {
    auto& to = *m.add_items();
    to.set_sku(item.sku);
    to.set_quantity(item.quantity);
    to.set_price_minor_units(item.unit_price.minor_units);
  }
  return stored_form("OrderCreated", m);
}

StoredForm encode_event(const domain::OrderCancelled& e) {
  stored::OrderCancelled m;
  m.set_reason(e.reason);
  m.set_was_paid(e.was_paid);
  m.set_currency(e.refund.currency);
  m.set_refund_minor_units(e.refund.minor_units);
  for (const auto& sku : e.skus) m.add_skus(sku);
  return stored_form("OrderCancelled", m);
}

template <class Message, class Event>
StoredForm encode_allocation(std::string_view type, const Event& e) {
  Message m;
  m.set_sku(e.sku);
  m.set_quantity(e.quantity);
  m.set_batch_ref(e.batch_ref);
  return stored_form(type, m);
}

domain::OrderCreated decode_created(const stored::OrderCreated& m, const std::string& order_id) {
  domain::OrderCreated e{order_id,
                         m.customer_id(),
                         {},
                         {m.currency(), m.total_minor_units()},
                         domain::Time{std::chrono::milliseconds{m.created_at_ms()}}};
  for (const auto& item : m.items()) {
    e.items.push_back({item.sku(), item.quantity(), {m.currency(), item.price_minor_units()}});
  }
  return e;
}

domain::OrderCancelled decode_cancelled(const stored::OrderCancelled& m, const std::string& order_id) {
  return {
      order_id, m.reason(), m.was_paid(), {m.currency(), m.refund_minor_units()}, {m.skus().begin(), m.skus().end()}};
}

}  // namespace

template <>
StoredForm EventCodec<domain::Order>::encode(const Event& event) {
  return std::visit(
      domain::overloaded{
          [](const domain::OrderCreated& e) { return encode_event(e); },
          [](const domain::LineAllocated& e) { return encode_allocation<stored::LineAllocated>("LineAllocated", e); },
          [](const domain::LineOutOfStock& e) {
            stored::LineOutOfStock m;
            m.set_sku(e.sku);
            m.set_quantity(e.quantity);
            return stored_form("LineOutOfStock", m);
          },
          [](const domain::LineDeallocated& e) {
            stored::LineDeallocated m;
            m.set_sku(e.sku);
            m.set_quantity(e.quantity);
            m.set_reason(e.reason);
            return stored_form("LineDeallocated", m);
          },
          [](const domain::LineAllocatedAfterCancel& e) {
            return encode_allocation<stored::LineAllocatedAfterCancel>("LineAllocatedAfterCancel", e);
          },
          [](const domain::OrderAllocated&) {
            return StoredForm{"OrderAllocated", {}};
          },
          [](const domain::OrderPaid& e) {
            stored::OrderPaid m;
            m.set_currency(e.amount.currency);
            m.set_minor_units(e.amount.minor_units);
            return stored_form("OrderPaid", m);
          },
          [](const domain::OrderShipped&) {
            return StoredForm{"OrderShipped", {}};
          },
          [](const domain::OrderCancelled& e) { return encode_event(e); },
      },
      event);
}

template <>
domain::Order::Event EventCodec<domain::Order>::decode(std::string_view type, std::string_view data,
                                                       const std::string& order_id) {
  if (type == "LineAllocated") {
    const auto m = parse_stored<stored::LineAllocated>(data);
    return domain::LineAllocated{order_id, m.sku(), m.quantity(), m.batch_ref()};
  }
  if (type == "OrderCreated") return decode_created(parse_stored<stored::OrderCreated>(data), order_id);
  if (type == "OrderAllocated") return domain::OrderAllocated{order_id};
  if (type == "OrderPaid") {
    const auto m = parse_stored<stored::OrderPaid>(data);
    return domain::OrderPaid{order_id, {m.currency(), m.minor_units()}};
  }
  if (type == "OrderShipped") return domain::OrderShipped{order_id};
  if (type == "OrderCancelled") return decode_cancelled(parse_stored<stored::OrderCancelled>(data), order_id);
  if (type == "LineOutOfStock") {
    const auto m = parse_stored<stored::LineOutOfStock>(data);
    return domain::LineOutOfStock{order_id, m.sku(), m.quantity()};
  }
  if (type == "LineDeallocated") {
    const auto m = parse_stored<stored::LineDeallocated>(data);
    return domain::LineDeallocated{order_id, m.sku(), m.quantity(), m.reason()};
  }
  if (type == "LineAllocatedAfterCancel") {
    const auto m = parse_stored<stored::LineAllocatedAfterCancel>(data);
    return domain::LineAllocatedAfterCancel{order_id, m.sku(), m.quantity(), m.batch_ref()};
  }
  unknown_stored_type(type);
}

template <>
std::string EventCodec<domain::Order>::encode_snapshot(const domain::Order::State& state) {
  stored::OrderSnapshot m;
  m.set_status(static_cast<std::int32_t>(state.status));
  m.set_currency(state.total.currency);
  m.set_total_minor_units(state.total.minor_units);
  for (const auto& [sku, line] : state.lines) {
    auto& to = *m.add_lines();
    to.set_sku(sku);
    to.set_quantity(line.quantity);
    to.set_status(static_cast<std::int32_t>(line.status));
    to.set_batch_ref(line.batch_ref);
  }
  return m.SerializeAsString();
}

template <>
domain::Order::State EventCodec<domain::Order>::decode_snapshot(std::string_view data) {
  const auto m = parse_stored<stored::OrderSnapshot>(data);
  domain::Order::State state{
      static_cast<domain::OrderStatus>(m.status()), {m.currency(), m.total_minor_units()}, {}, 0};
  for (const auto& from : m.lines()) {
    const auto status = static_cast<domain::Order::LineStatus>(from.status());
    state.lines[from.sku()] = {from.quantity(), status, from.batch_ref()};
    if (status != domain::Order::LineStatus::allocated) ++state.unallocated;
  }
  return state;
}

}  // namespace orderly::storage
