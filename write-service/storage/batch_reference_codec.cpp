#include "storage/stored_events.pb.h"
#include "storage/stored_form.h"

namespace orderly::storage {

template <>
StoredForm EventCodec<domain::BatchReference>::encode(const Event& event) {
  return std::visit(domain::overloaded{[](const domain::BatchReferenceClaimed& e) {
                      stored::BatchReferenceClaimed m;
                      m.set_sku(e.sku);
                      m.set_claimed_by(e.claimed_by);
                      return stored_form("BatchReferenceClaimed", m);
                    }},
                    event);
}

template <>
domain::BatchReference::Event EventCodec<domain::BatchReference>::decode(std::string_view type, std::string_view data,
                                                                         const std::string& batch_ref) {
  if (type != "BatchReferenceClaimed") unknown_stored_type(type);
  const auto m = parse_stored<stored::BatchReferenceClaimed>(data);
  return domain::BatchReferenceClaimed{batch_ref, m.sku(), m.claimed_by()};
}

template <>
std::string EventCodec<domain::BatchReference>::encode_snapshot(const domain::BatchReference::State& state) {
  stored::BatchReferenceSnapshot m;
  m.set_sku(state.sku);
  m.set_claimed_by(state.claimed_by);
  return m.SerializeAsString();
}

template <>
domain::BatchReference::State EventCodec<domain::BatchReference>::decode_snapshot(std::string_view data) {
  const auto m = parse_stored<stored::BatchReferenceSnapshot>(data);
  return {m.sku(), m.claimed_by()};
}

}  // namespace orderly::storage
