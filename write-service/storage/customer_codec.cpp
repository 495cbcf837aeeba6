#include "storage/stored_events.pb.h"
#include "storage/stored_form.h"

namespace orderly::storage {

template <>
StoredForm EventCodec<domain::Customer>::encode(const Event& event) {
  return std::visit(domain::overloaded{[](const domain::OrderRecorded& e) {
                                         stored::OrderRecorded m;
                                         m.set_order_id(e.order_id);
                                         m.set_currency(e.total.currency);
                                         m.set_total_minor_units(e.total.minor_units);
                                         return stored_form("OrderRecorded", m);
                                       },
                                       [](const domain::CustomerBecameVip& e) {
                                         stored::CustomerBecameVip m;
                                         m.set_order_id(e.order_id);
                                         return stored_form("CustomerBecameVip", m);
                                       },
                                       [](const domain::CustomerForgotten&) {
                                         return StoredForm{"CustomerForgotten", {}};
                                       }},
                    event);
}

template <>
domain::Customer::Event EventCodec<domain::Customer>::decode(std::string_view type, std::string_view data,
                                                             const std::string& customer_id) {
  if (type == "OrderRecorded") {
    const auto m = parse_stored<stored::OrderRecorded>(data);
    return domain::OrderRecorded{customer_id, m.order_id(), {m.currency(), m.total_minor_units()}};
  }
  if (type == "CustomerBecameVip") {
    return domain::CustomerBecameVip{customer_id, parse_stored<stored::CustomerBecameVip>(data).order_id()};
  }
  if (type == "CustomerForgotten") return domain::CustomerForgotten{customer_id};
  unknown_stored_type(type);
}

template <>
std::string EventCodec<domain::Customer>::encode_snapshot(const domain::Customer::State& state) {
  stored::CustomerSnapshot m;
  for (const auto& order_id : state.orders) m.add_orders(order_id);
  m.set_vip(state.vip);
  m.set_forgotten(state.forgotten);
  return m.SerializeAsString();
}

template <>
domain::Customer::State EventCodec<domain::Customer>::decode_snapshot(std::string_view data) {
  const auto m = parse_stored<stored::CustomerSnapshot>(data);
  return {{m.orders().begin(), m.orders().end()}, m.vip(), m.forgotten()};
}

}  // namespace orderly::storage
