#include "storage/stored_events.pb.h"
#include "storage/stored_form.h"

namespace orderly::storage {
namespace {

using domain::overloaded;

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

std::string to_bytes(const std::vector<bool>& bits) {
  std::string bytes((bits.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << i % 8);
  }
  return bytes;
}

std::vector<bool> to_bits(const std::string& bytes, std::uint32_t size) {
  if (bytes.empty()) return {};
  if (bytes.size() != (size + 7) / 8)
    throw std::runtime_error{"the store is damaged: marks for another number of lines"};
  std::vector<bool> bits(size);
  for (std::size_t i = 0; i < size; ++i) bits[i] = (bytes[i / 8] >> i % 8 & 1) != 0;
  return bits;
}

template <class Repeated>
void put_stretches(Repeated& to, const domain::ArchivedLines::Stretches& from) {
  for (const auto& stretch : from) {
    auto& added = *to.Add();
    added.set_segment(stretch.segment);
    added.set_begin(stretch.begin);
    added.set_end(stretch.end);
  }
}

template <class Repeated>
domain::ArchivedLines::Stretches get_stretches(const Repeated& from) {
  domain::ArchivedLines::Stretches stretches;
  for (const auto& stretch : from) stretches.push_back({stretch.segment(), stretch.begin(), stretch.end()});
  return stretches;
}

void put_archived(stored::ProductSnapshot& to, const domain::ArchivedLines::Directory& from) {
  for (const auto& segment : from.segments) {
    auto& added = *to.add_segments();
    added.set_number(segment.number);
    added.set_lines(segment.lines);
    added.set_gone(to_bytes(segment.gone));
    added.set_promised(to_bytes(segment.promised));
  }
  for (std::size_t batch = 0; batch < from.batches.size(); ++batch) {
    put_stretches(*to.mutable_batches(static_cast<int>(batch))->mutable_archived(), from.batches[batch]);
  }
  put_stretches(*to.mutable_archived_waiting(), from.queue);
}

domain::ArchivedLines::Directory get_archived(const stored::ProductSnapshot& from) {
  domain::ArchivedLines::Directory archived;
  for (const auto& segment : from.segments()) {
    archived.segments.push_back({segment.number(), segment.lines(), 0, to_bits(segment.gone(), segment.lines()),
                                 to_bits(segment.promised(), segment.lines())});
  }
  if (archived.segments.empty()) return archived;
  for (const auto& batch : from.batches()) archived.batches.push_back(get_stretches(batch.archived()));
  archived.queue = get_stretches(from.archived_waiting());
  return archived;
}

stored::DeallocationReason to_stored(std::string_view reason) {
  if (reason == domain::reason_requested) return stored::REQUESTED;
  if (reason == domain::reason_batch_quantity_changed) return stored::BATCH_QUANTITY_CHANGED;
  if (reason == domain::reason_replaced) return stored::REPLACED;
  throw std::logic_error{"a deallocation's reason has no stored form"};
}

std::string from_stored(stored::DeallocationReason reason) {
  if (reason == stored::BATCH_QUANTITY_CHANGED) return std::string{domain::reason_batch_quantity_changed};
  return std::string{reason == stored::REPLACED ? domain::reason_replaced : domain::reason_requested};
}

const std::string& known_reason(const std::string& reason) {
  if (reason == domain::reason_requested || reason == domain::reason_batch_quantity_changed) return reason;
  throw std::runtime_error{"stored Deallocated cannot be read: no deallocation had such a reason"};
}

}  // namespace

template <>
StoredForm EventCodec<domain::Product>::encode(const Event& event) {
  return std::visit(overloaded{[](const domain::BatchCreated& e) {
                                 stored::BatchCreated m;
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_quantity(e.quantity);
                                 put_eta(m, e.eta);
                                 return stored_form("BatchCreated", m);
                               },
                               [](const domain::BatchQuantityChanged& e) {
                                 stored::BatchQuantityChanged m;
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_quantity(e.quantity);
                                 return stored_form("BatchQuantityChanged", m);
                               },
                               [](const domain::Allocated& e) {
                                 stored::Allocated m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_backorder(e.backorder);
                                 return stored_form("Allocated", m);
                               },
                               [](const domain::Deallocated& e) {
                                 stored::DeallocatedV2 m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_batch_ref(e.batch_ref);
                                 m.set_reason(to_stored(e.reason));
                                 m.set_backorder(e.backorder);
                                 return stored_form("DeallocatedV2", m);
                               },
                               [](const domain::OutOfStock& e) {
                                 stored::OutOfStock m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_backordered(e.backordered);
                                 return stored_form("OutOfStock", m);
                               },
                               [](const domain::BackorderPromised& e) {
                                 stored::BackorderPromised m;
                                 m.set_order_id(e.order_id);
                                 m.set_quantity(e.quantity);
                                 m.set_batch_ref(e.batch_ref);
                                 return stored_form("BackorderPromised", m);
                               }},
                    event);
}

template <>
domain::Product::Event EventCodec<domain::Product>::decode(std::string_view type, std::string_view data,
                                                           const std::string& sku) {
  if (type == "Allocated") {
    const auto m = parse_stored<stored::Allocated>(data);
    return domain::Allocated{m.order_id(), sku, m.quantity(), m.batch_ref(), m.backorder()};
  }
  if (type == "DeallocatedV2") {
    const auto m = parse_stored<stored::DeallocatedV2>(data);
    return domain::Deallocated{m.order_id(), sku, m.quantity(), m.batch_ref(), from_stored(m.reason()), m.backorder()};
  }
  if (type == "Deallocated") {  // upcast: it was before orders, so no line's order was to be told
    const auto m = parse_stored<stored::Deallocated>(data);
    return domain::Deallocated{m.order_id(), sku, m.quantity(), m.batch_ref(), known_reason(m.reason()), false};
  }
  if (type == "OutOfStock") {
    const auto m = parse_stored<stored::OutOfStock>(data);
    return domain::OutOfStock{sku, m.order_id(), m.quantity(), m.backordered()};
  }
  if (type == "BatchCreated") {
    const auto m = parse_stored<stored::BatchCreated>(data);
    return domain::BatchCreated{m.batch_ref(), sku, m.quantity(), get_eta(m)};
  }
  if (type == "BatchQuantityChanged") {
    const auto m = parse_stored<stored::BatchQuantityChanged>(data);
    return domain::BatchQuantityChanged{m.batch_ref(), sku, m.quantity()};
  }
  if (type == "BackorderPromised") {
    const auto m = parse_stored<stored::BackorderPromised>(data);
    return domain::BackorderPromised{m.order_id(), sku, m.quantity(), m.batch_ref()};
  }
  unknown_stored_type(type);
}

template <>
std::string EventCodec<domain::Product>::encode_snapshot(const domain::Product::State& state) {
  const auto snapshot = domain::Product::snapshot(state);
  stored::ProductSnapshot m;
  for (const auto& batch : snapshot.batches) {
    auto& to = *m.add_batches();
    to.set_batch_ref(batch.batch_ref);
    to.set_quantity(batch.quantity);
    put_eta(to, batch.eta);
    to.set_archived_quantity(batch.archived_quantity);
  }
  put_archived(m, snapshot.archived);
  for (const auto& line : snapshot.lines) put_line(*m.add_lines(), line);
  for (const auto& line : snapshot.waiting) put_line(*m.add_waiting(), line);
  m.set_next_arrival(snapshot.next_arrival);
  return m.SerializeAsString();
}

template <>
domain::Product::State EventCodec<domain::Product>::decode_snapshot(std::string_view data) {
  const auto m = parse_stored<stored::ProductSnapshot>(data);
  domain::Product::Snapshot snapshot;
  for (const auto& batch : m.batches()) {
    snapshot.batches.push_back({batch.batch_ref(), batch.quantity(), get_eta(batch), batch.archived_quantity()});
  }
  snapshot.archived = get_archived(m);
  for (const auto& line : m.lines()) snapshot.lines.push_back(get_line(line));
  for (const auto& line : m.waiting()) snapshot.waiting.push_back(get_line(line));
  snapshot.next_arrival = m.next_arrival();
  return domain::Product::restore(std::move(snapshot));
}

}  // namespace orderly::storage
