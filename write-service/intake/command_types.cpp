#include "intake/command_types.h"

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::intake {
namespace {

namespace allocation = ::allocation::v1;
namespace ordering = ::ordering::v1;
namespace customer = ::customer::v1;
namespace messaging = ::messaging::v1;

// A date that no calendar has stands for text that is no date: the domain's validation then names the field.
std::optional<domain::Date> to_date(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return domain::parse_date(text).value_or(domain::Date{});
}

// Likewise a time that no clock shows.
domain::Time to_time(const google::protobuf::Timestamp& time) {
  constexpr std::int64_t most_seconds = 253'402'300'799;  // the end of the year 9999, as Timestamp has it
  if (time.seconds() < 0 || time.seconds() > most_seconds || time.nanos() < 0 || time.nanos() > 999'999'999) {
    return domain::Time::min();
  }
  return domain::Time{std::chrono::seconds{time.seconds()} + std::chrono::milliseconds{time.nanos() / 1'000'000}};
}

domain::Money to_money(const ordering::Money& m) { return {m.currency(), m.minor_units()}; }

Command from_proto(const allocation::CreateBatch& m) {
  return domain::Product::Command{domain::CreateBatch{m.batch_ref(), m.sku(), m.quantity(), to_date(m.eta())}};
}
Command from_proto(const allocation::Allocate& m) {
  return domain::Product::Command{domain::Allocate{m.order_id(), m.sku(), m.quantity(), m.backorder(), m.replace()}};
}
Command from_proto(const allocation::Deallocate& m) {
  return domain::Product::Command{domain::Deallocate{m.order_id(), m.sku()}};
}
Command from_proto(const allocation::ChangeBatchQuantity& m) {
  return domain::Product::Command{domain::ChangeBatchQuantity{m.batch_ref(), m.quantity(), m.sku()}};
}
Command from_proto(const allocation::ClaimBatchReference& m) {
  return domain::BatchReference::Command{domain::ClaimBatchReference{m.batch_ref(), m.sku(), m.claimed_by()}};
}
Command from_proto(const allocation::SettleBatchReference& m) {
  return SettleBatchReference{m.batch_ref(), m.sku(), m.claimed_by(), m.granted()};
}

Command from_proto(const ordering::CreateOrder& m) {
  domain::CreateOrder command{m.order_id(), m.customer_id(), {}, {}};
  command.items.reserve(static_cast<std::size_t>(m.items_size()));
  for (const auto& item : m.items()) {
    command.items.push_back({item.sku(), item.quantity(), to_money(item.unit_price())});
  }
  if (m.has_created_at()) command.created_at = to_time(m.created_at());
  return domain::Order::Command{std::move(command)};
}
Command from_proto(const ordering::PayOrder& m) {
  return domain::Order::Command{domain::PayOrder{m.order_id(), to_money(m.amount())}};
}
Command from_proto(const ordering::ShipOrder& m) { return domain::Order::Command{domain::ShipOrder{m.order_id()}}; }
Command from_proto(const ordering::CancelOrder& m) {
  return domain::Order::Command{domain::CancelOrder{m.order_id(), m.reason()}};
}
Command from_proto(const ordering::CancelUnpaidOrder& m) {
  return domain::Order::Command{domain::CancelUnpaidOrder{m.order_id(), m.reason()}};
}
Command from_proto(const ordering::RecordAllocation& m) {
  return domain::Order::Command{domain::RecordAllocation{m.order_id(), m.sku(), m.quantity(), m.batch_ref()}};
}
Command from_proto(const ordering::RecordOutOfStock& m) {
  return domain::Order::Command{domain::RecordOutOfStock{m.order_id(), m.sku(), m.quantity()}};
}
Command from_proto(const ordering::RecordDeallocation& m) {
  return domain::Order::Command{domain::RecordDeallocation{m.order_id(), m.sku(), m.quantity(), m.reason()}};
}

Command from_proto(const customer::RecordOrder& m) {
  return domain::Customer::Command{domain::RecordOrder{m.customer_id(), m.order_id(), to_money(m.total())}};
}

Command from_proto(const customer::ForgetCustomer& m) {
  return domain::Customer::Command{domain::ForgetCustomer{m.customer_id()}};
}

Command from_proto(const messaging::ReplayParked& m) { return ReleaseParked{m.stream(), m.command_id(), false}; }
Command from_proto(const messaging::DiscardParked& m) { return ReleaseParked{m.stream(), m.command_id(), true}; }

template <class... Messages>
struct TypeList {
  static void add_to(CommandTypes& types) {
    (types.emplace(Messages::descriptor()->full_name(), CommandType{std::make_unique<Messages>(),
                                                                    [](const google::protobuf::Message& message) {
                                                                      return from_proto(
                                                                          static_cast<const Messages&>(message));
                                                                    }}),
     ...);
  }
  static bool has(std::string_view type) { return ((Messages::descriptor()->full_name() == type) || ...); }
};

using Published = TypeList<allocation::CreateBatch, allocation::Allocate, allocation::Deallocate,
                           allocation::ChangeBatchQuantity, ordering::CreateOrder, ordering::PayOrder,
                           ordering::ShipOrder, ordering::CancelOrder, customer::ForgetCustomer,
                           messaging::ReplayParked, messaging::DiscardParked>;
using Internal = TypeList<allocation::ClaimBatchReference, allocation::SettleBatchReference,
                          ordering::CancelUnpaidOrder, ordering::RecordAllocation, ordering::RecordOutOfStock,
                          ordering::RecordDeallocation, customer::RecordOrder>;

}  // namespace

CommandTypes command_types() {
  CommandTypes types;
  Published::add_to(types);
  Internal::add_to(types);
  return types;
}

bool is_internal(std::string_view type) { return Internal::has(type); }

}  // namespace orderly::intake
