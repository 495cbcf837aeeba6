#include "outbox/integration_events.h"

#include "allocation/v1/allocation.pb.h"
#include "topics.h"

namespace orderly::outbox {
namespace {

namespace published = allocation::v1;

IntegrationEvent event(std::string_view type, const google::protobuf::Message& message) {
  return {topics::allocation_events, type, message.SerializeAsString()};
}

}  // namespace

std::optional<IntegrationEvent> to_integration_event(const domain::Product::Event& event_of_domain) {
  return std::visit(domain::overloaded{
                        [](const domain::BatchCreated& e) {
                          published::BatchCreated m;
                          m.set_batch_ref(e.batch_ref);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          if (e.eta) m.set_eta(domain::to_string(*e.eta));
                          return event("allocation.v1.BatchCreated", m);
                        },
                        [](const domain::BatchQuantityChanged& e) {
                          published::BatchQuantityChanged m;
                          m.set_batch_ref(e.batch_ref);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          return event("allocation.v1.BatchQuantityChanged", m);
                        },
                        [](const domain::Allocated& e) {
                          published::Allocated m;
                          m.set_order_id(e.order_id);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          m.set_batch_ref(e.batch_ref);
                          return event("allocation.v1.Allocated", m);
                        },
                        [](const domain::Deallocated& e) {
                          published::Deallocated m;
                          m.set_order_id(e.order_id);
                          m.set_sku(e.sku);
                          m.set_quantity(e.quantity);
                          m.set_batch_ref(e.batch_ref);
                          m.set_reason(e.reason);
                          return event("allocation.v1.Deallocated", m);
                        },
                        [](const domain::OutOfStock& e) {
                          published::OutOfStock m;
                          m.set_sku(e.sku);
                          m.set_order_id(e.order_id);
                          m.set_quantity(e.quantity);
                          m.set_backordered(e.backordered);
                          return event("allocation.v1.OutOfStock", m);
                        },
                    },
                    event_of_domain);
}

// Who claimed which reference is this service's own affair.
std::optional<IntegrationEvent> to_integration_event(const domain::BatchReference::Event&) { return std::nullopt; }

}  // namespace orderly::outbox
