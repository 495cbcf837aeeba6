#include "shop_events.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdio>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::bench {
namespace {

constexpr int lines_an_order = 3, quantity = 2;
constexpr std::int64_t price = 1'999, total = price * quantity * lines_an_order;
constexpr std::uint64_t customers = 10'000;
constexpr std::uint64_t records_a_dead_letter = 10'000, orders_a_cancelled_one = 50;
constexpr const char *allocation_events = "allocation.events", *ordering_events = "ordering.events";

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

std::string batch_name(const std::string& sku) { return "batch-" + sku; }

void set(ordering::v1::Money* money, std::int64_t minor_units) {
  money->set_currency("EUR");
  money->set_minor_units(minor_units);
}

}  // namespace

template <class Message>
Published ShopEvents::event(const char* topic, const Message& message, const std::string& subject) {
  const Time now = SystemClock{}.now();
  const bool of_sku = topic == std::string_view{allocation_events};
  message.SerializeToString(&value_);
  type_ = Message::descriptor()->full_name();
  key_ = subject;
  command_id_ = new_uuid_v7(now, random_);
  event_id_ = derive_id(command_id_, "event", 0);
  time_ = to_rfc3339(now);
  version_ = std::to_string(of_sku ? ++sku_versions_[subject] : ++order_version_);
  return {topic,
          {type_, key_, command_id_, value_,
           event_headers({.id = event_id_,
                          .type = type_,
                          .time = time_,
                          .subject = key_,
                          .command_id = command_id_,
                          .version = version_})}};
}

Published ShopEvents::batch_created(int sku) {
  allocation::v1::BatchCreated message;
  message.set_sku(Workload::sku_name(sku));
  message.set_batch_ref(batch_name(message.sku()));
  message.set_quantity(2'000'000'000);
  return event(allocation_events, message, message.sku());
}

Published ShopEvents::next() { return ++records_ % records_a_dead_letter == 0 ? dead_letter() : step_of_order(); }

Published ShopEvents::step_of_order() {
  const int step = step_++;
  if (step == 0) return order_created();
  if (step <= lines_an_order) return allocated(skus_[static_cast<std::size_t>(step - 1)]);
  if (step == lines_an_order + 1) {
    ordering::v1::OrderAllocated whole;
    whole.set_order_id(order_id_);
    return event(ordering_events, whole, order_id_);
  }
  if (step == lines_an_order + 2) {
    ordering::v1::OrderPaid paid;
    paid.set_order_id(order_id_);
    set(paid.mutable_amount(), total);
    return event(ordering_events, paid, order_id_);
  }
  if (step == lines_an_order + 3) {
    const bool third = order_ / customers == 2;
    if (!third) step_ = 0;
    return last_of_order();
  }
  step_ = 0;
  order_version_ = 0;  // of the customer's own stream
  customer::v1::CustomerBecameVip vip;
  vip.set_customer_id(customer_id_);
  vip.set_order_id(order_id_);
  return event("customer.events", vip, customer_id_);
}

Published ShopEvents::order_created() {
  order_id_ = format("order-%09llu", static_cast<unsigned long long>(++order_));
  customer_id_ = format("customer-%05llu", static_cast<unsigned long long>(order_ % customers));
  order_version_ = 0;
  skus_.clear();
  while (std::ssize(skus_) < lines_an_order) {
    auto sku = Workload::sku_name(static_cast<int>(random_() % static_cast<std::uint64_t>(options_.skus)));
    if (std::ranges::find(skus_, sku) == skus_.end()) skus_.push_back(std::move(sku));
  }
  ordering::v1::OrderCreated created;
  created.set_order_id(order_id_);
  created.set_customer_id(customer_id_);
  for (const auto& sku : skus_) {
    auto& item = *created.add_items();
    item.set_sku(sku);
    item.set_quantity(quantity);
    set(item.mutable_unit_price(), price);
  }
  set(created.mutable_total(), total);
  return event(ordering_events, created, order_id_);
}

Published ShopEvents::allocated(const std::string& sku) {
  allocation::v1::Allocated message;
  message.set_order_id(order_id_);
  message.set_sku(sku);
  message.set_quantity(quantity);
  message.set_batch_ref(batch_name(sku));
  return event(allocation_events, message, sku);
}

Published ShopEvents::last_of_order() {
  if (order_ % orders_a_cancelled_one != 0) {
    ordering::v1::OrderShipped shipped;
    shipped.set_order_id(order_id_);
    return event(ordering_events, shipped, order_id_);
  }
  ordering::v1::OrderCancelled cancelled;
  cancelled.set_order_id(order_id_);
  cancelled.set_reason("no more");
  cancelled.set_was_paid(true);
  set(cancelled.mutable_refund(), total);
  return event(ordering_events, cancelled, order_id_);
}

Published ShopEvents::dead_letter() {
  time_ = to_rfc3339(SystemClock{}.now());
  command_id_ = new_uuid_v7(SystemClock{}.now(), random_);
  value_ = R"({"order_id": 7})";
  key_ = "garbage";
  return {"dead-letters",
          {"",
           key_,
           command_id_,
           value_,
           {{"ce_id", command_id_},
            {"ce_type", "allocation.v1.Allocate"},
            {"content-type", "application/json"},
            {"dlq-reason", "UNDECODABLE"},
            {"dlq-detail", "order_id: a text is wanted, not 7"},
            {"dlq-topic", "allocation.commands"},
            {"dlq-partition", "1"},
            {"dlq-offset", "17"},
            {"dlq-time", time_}}}};
}

Published ShopEvents::result_of_last() {
  messaging::v1::CommandResult message;
  message.set_command_id(command_id_);
  message.set_type("allocation.v1.Allocate");
  message.set_status(messaging::v1::ACCEPTED);
  message.set_aggregate_id(key_);
  message.set_version(1);
  message.set_correlation_id(command_id_);
  message.SerializeToString(&value_);
  event_id_ = derive_id(command_id_, "result", 0);
  return {"command.results",
          {result_type, command_id_, command_id_, value_,
           result_headers({.id = event_id_, .time = time_, .subject = key_, .command_id = command_id_})}};
}

}  // namespace orderly::bench
