#include "outbox/own_commands.h"

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::outbox {

namespace allocation = ::allocation::v1;
namespace ordering = ::ordering::v1;
namespace customer = ::customer::v1;

OwnCommand to_own_command(const domain::Allocate& c) {
  allocation::Allocate m;
  m.set_order_id(c.order_id);
  m.set_sku(c.sku);
  m.set_quantity(c.quantity);
  m.set_backorder(c.backorder);
  m.set_replace(c.replace);
  return {"allocation.v1.Allocate", m.SerializeAsString(), c.sku};
}

OwnCommand to_own_command(const domain::Deallocate& c) {
  allocation::Deallocate m;
  m.set_order_id(c.order_id);
  m.set_sku(c.sku);
  return {"allocation.v1.Deallocate", m.SerializeAsString(), c.sku};
}

OwnCommand to_own_command(const domain::ClaimBatchReference& c) {
  allocation::ClaimBatchReference m;
  m.set_batch_ref(c.batch_ref);
  m.set_sku(c.sku);
  m.set_claimed_by(c.claimed_by);
  return {"allocation.v1.ClaimBatchReference", m.SerializeAsString(), c.batch_ref};
}

OwnCommand to_own_command(const SettleBatchReference& c) {
  allocation::SettleBatchReference m;
  m.set_batch_ref(c.batch_ref);
  m.set_sku(c.sku);
  m.set_claimed_by(c.claimed_by);
  m.set_granted(c.granted);
  return {"allocation.v1.SettleBatchReference", m.SerializeAsString(), c.sku};
}

OwnCommand to_own_command(const domain::RecordAllocation& c) {
  ordering::RecordAllocation m;
  m.set_order_id(c.order_id);
  m.set_sku(c.sku);
  m.set_quantity(c.quantity);
  m.set_batch_ref(c.batch_ref);
  return {"ordering.v1.RecordAllocation", m.SerializeAsString(), c.order_id};
}

OwnCommand to_own_command(const domain::RecordOutOfStock& c) {
  ordering::RecordOutOfStock m;
  m.set_order_id(c.order_id);
  m.set_sku(c.sku);
  m.set_quantity(c.quantity);
  return {"ordering.v1.RecordOutOfStock", m.SerializeAsString(), c.order_id};
}

OwnCommand to_own_command(const domain::RecordDeallocation& c) {
  ordering::RecordDeallocation m;
  m.set_order_id(c.order_id);
  m.set_sku(c.sku);
  m.set_quantity(c.quantity);
  m.set_reason(c.reason);
  return {"ordering.v1.RecordDeallocation", m.SerializeAsString(), c.order_id};
}

OwnCommand to_own_command(const domain::CancelUnpaidOrder& c) {
  ordering::CancelUnpaidOrder m;
  m.set_order_id(c.order_id);
  m.set_reason(c.reason);
  return {"ordering.v1.CancelUnpaidOrder", m.SerializeAsString(), c.order_id};
}

OwnCommand to_own_command(const domain::RecordOrder& c) {
  customer::RecordOrder m;
  m.set_customer_id(c.customer_id);
  m.set_order_id(c.order_id);
  m.mutable_total()->set_currency(c.total.currency);
  m.mutable_total()->set_minor_units(c.total.minor_units);
  return {"customer.v1.RecordOrder", m.SerializeAsString(), c.customer_id};
}

OwnCommand to_own_command(const ReleaseParked& c) {
  messaging::v1::ReplayParked m;
  m.set_stream(c.stream);
  m.set_command_id(c.command_id);
  return {"messaging.v1.ReplayParked", m.SerializeAsString(), c.stream.substr(c.stream.find('/') + 1)};
}

}  // namespace orderly::outbox
