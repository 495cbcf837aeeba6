#include "storage/event_codec.h"

#include <stdexcept>

#include "storage/stored_events.pb.h"

namespace orderly::storage {
namespace {

using domain::overloaded;

template <class Message>
Message parse(std::string_view data) {
  Message message;
  if (!message.ParseFromArray(data.data(), static_cast<int>(data.size()))) {
    throw std::runtime_error{"stored " + message.GetTypeName() + " cannot be read: the store is damaged"};
  }
  return message;
}

[[noreturn]] void unknown(std::string_view type) {
  throw std::runtime_error{"stored event type " + std::string{type} +
                           " is unknown: the store was written by a newer version"};
}

template <class Message>
void put_eta(Message& message, const std::optional<domain::Date>& eta) {
  if (!eta) return;
  message.set_has_eta(true);
  message.set_eta_days(static_cast<std::int32_t>(std::chrono::sys_days{*eta}.time_since_epoch().count()));
}

template <class Message>
std::optional<domain::Date> get_eta(const Message& message) {
  if (!message.has_eta()) return std::nullopt;
  return domain::Date{std::chrono::sys_days{std::chrono::days{message.eta_days()}}};
}

void put_line(stored::ProductSnapshot::Line& to, const domain::Product::Snapshot::Line& from) {
  to.set_order_id(from.order_id);
  to.set_quantity(from.quantity);
  to.set_backorder(from.backorder);
  to.set_arrived(from.arrived);
  to.set_batch(from.batch);
}

domain::Product::Snapshot::Line get_line(const stored::ProductSnapshot::Line& from) {
  return {from.order_id(), from.quantity(), from.backorder(), from.arrived(), from.batch()};
}

}  // namespace

std::string_view EventCodec<domain::Product>::type(const Event& event) {
  return std::visit(
      overloaded{[](const domain::BatchCreated&) { return std::string_view{"BatchCreated"}; },
                 [](const domain::BatchQuantityChanged&) { return std::string_view{"BatchQuantityChanged"}; },
                 [](const domain::Allocated&) { return std::string_view{"Allocated"}; },
                 [](const domain::Deallocated&) { return std::string_view{"Deallocated"}; },
                 [](const domain::OutOfStock&) { return std::string_view{"OutOfStock"}; }},
      event);
}

std::string EventCodec<domain::Product>::encode(const Event& event) {
  return std::visit(overloaded{[](const domain::BatchCreated& e) {
                                 stored::BatchCreated m;
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_quantity(e.quantity);
                                 put_eta(m, e.eta);
                                 return m.SerializeAsString();
                               },
                               [](const domain::BatchQuantityChanged& e) {
                                 stored::BatchQuantityChanged m;
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_quantity(e.quantity);
                                 return m.SerializeAsString();
                               },
                               [](const domain::Allocated& e) {
                                 stored::Allocated m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_backorder(e.backorder);
                                 return m.SerializeAsString();
                               },
                               [](const domain::Deallocated& e) {
                                 stored::Deallocated m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_reason(e.reason);
                                 return m.SerializeAsString();
                               },
                               [](const domain::OutOfStock& e) {
                                 stored::OutOfStock m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_backordered(e.backordered);
                                 return m.SerializeAsString();
                               }},
                    event);
}

domain::Product::Event EventCodec<domain::Product>::decode(std::string_view type, std::string_view data,
                                                           const std::string& sku) {
  if (type == "Allocated") {
    const auto m = parse<stored::Allocated>(data);
    return domain::Allocated{m.order_id(), sku, m.quantity(), m.batch_ref(), m.backorder()};
  }
  if (type == "Deallocated") {
    const auto m = parse<stored::Deallocated>(data);
    return domain::Deallocated{m.order_id(), sku, m.quantity(), m.batch_ref(), m.reason()};
  }
  if (type == "OutOfStock") {
    const auto m = parse<stored::OutOfStock>(data);
    return domain::OutOfStock{sku, m.order_id(), m.quantity(), m.backordered()};
  }
  if (type == "BatchCreated") {
    const auto m = parse<stored::BatchCreated>(data);
    return domain::BatchCreated{m.batch_ref(), sku, m.quantity(), get_eta(m)};
  }
  if (type == "BatchQuantityChanged") {
    const auto m = parse<stored::BatchQuantityChanged>(data);
    return domain::BatchQuantityChanged{m.batch_ref(), sku, m.quantity()};
  }
  unknown(type);
}

std::string EventCodec<domain::Product>::encode_snapshot(const domain::Product::State& state) {
  const auto snapshot = domain::Product::snapshot(state);
  stored::ProductSnapshot m;
  for (const auto& batch : snapshot.batches) {
    auto& to = *m.add_batches();
    to.set_batch_ref(batch.batch_ref);
    to.set_quantity(batch.quantity);
    put_eta(to, batch.eta);
  }
  for (const auto& line : snapshot.lines) put_line(*m.add_lines(), line);
  for (const auto& line : snapshot.waiting) put_line(*m.add_waiting(), line);
  m.set_next_arrival(snapshot.next_arrival);
  return m.SerializeAsString();
}

domain::Product::State EventCodec<domain::Product>::decode_snapshot(std::string_view data) {
  const auto m = parse<stored::ProductSnapshot>(data);
  domain::Product::Snapshot snapshot;
  for (const auto& batch : m.batches())
    snapshot.batches.push_back({batch.batch_ref(), batch.quantity(), get_eta(batch)});
  for (const auto& line : m.lines()) snapshot.lines.push_back(get_line(line));
  for (const auto& line : m.waiting()) snapshot.waiting.push_back(get_line(line));
  snapshot.next_arrival = m.next_arrival();
  return domain::Product::restore(std::move(snapshot));
}

std::string_view EventCodec<domain::BatchReference>::type(const Event& event) {
  return std::visit(
      overloaded{[](const domain::BatchReferenceClaimed&) { return std::string_view{"BatchReferenceClaimed"}; }},
      event);
}

std::string EventCodec<domain::BatchReference>::encode(const Event& event) {
  return std::visit(overloaded{[](const domain::BatchReferenceClaimed& e) {
                      stored::BatchReferenceClaimed m;
                      m.set_sku(e.sku);
                      m.set_claimed_by(e.claimed_by);
                      return m.SerializeAsString();
                    }},
                    event);
}

domain::BatchReference::Event EventCodec<domain::BatchReference>::decode(std::string_view type, std::string_view data,
                                                                         const std::string& batch_ref) {
  if (type != "BatchReferenceClaimed") unknown(type);
  const auto m = parse<stored::BatchReferenceClaimed>(data);
  return domain::BatchReferenceClaimed{batch_ref, m.sku(), m.claimed_by()};
}

std::string EventCodec<domain::BatchReference>::encode_snapshot(const domain::BatchReference::State& state) {
  stored::BatchReferenceSnapshot m;
  m.set_sku(state.sku);
  m.set_claimed_by(state.claimed_by);
  return m.SerializeAsString();
}

domain::BatchReference::State EventCodec<domain::BatchReference>::decode_snapshot(std::string_view data) {
  const auto m = parse<stored::BatchReferenceSnapshot>(data);
  return {m.sku(), m.claimed_by()};
}

}  // namespace orderly::storage
