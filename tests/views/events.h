// Events as the write service publishes them, in few words: of the sku LAMP unless told otherwise, versions counted by
// the stream, at the clock's time unless told otherwise. Threads: one a Stream. Failures: none.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::test {

struct Record {
  std::string topic;
  std::int32_t partition = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timestamp_ms = 0;
};

inline Record to_record(const std::string& topic, const google::protobuf::Message& message, const std::string& subject,
                        std::int64_t version, std::optional<Time> time = std::nullopt) {
  Record record{.topic = topic,
                .partition = 0,
                .key = subject,
                .value = message.SerializeAsString(),
                .headers = {},
                .timestamp_ms = 0};
  record.headers = {{"ce_id", subject + '-' + std::to_string(version)},
                    {"ce_type", message.GetDescriptor()->full_name()},
                    {"ce_subject", subject},
                    {"ce_time", to_rfc3339(time.value_or(SystemClock{}.now()))}};
  if (version > 0) record.headers.emplace_back("ce_streamversion", std::to_string(version));
  return record;
}

// One product's events, numbered 1, 2, 3 …
class Stream {
 public:
  explicit Stream(std::string sku = "LAMP") : sku_(std::move(sku)) {}

  // The time of the events to come; without it the clock's.
  Stream& at(const std::string& rfc3339) {
    time_ = parse_rfc3339(rfc3339);
    return *this;
  }
  Record created(const std::string& batch_ref, std::int64_t quantity, const std::string& eta = "") {
    allocation::v1::BatchCreated event;
    event.set_eta(eta);
    return finish(event, batch_ref, quantity);
  }
  Record quantity_changed(const std::string& batch_ref, std::int64_t quantity) {
    allocation::v1::BatchQuantityChanged event;
    return finish(event, batch_ref, quantity);
  }
  Record allocated(const std::string& order_id, std::int64_t quantity, const std::string& batch_ref) {
    allocation::v1::Allocated event;
    event.set_order_id(order_id);
    return finish(event, batch_ref, quantity);
  }
  Record deallocated(const std::string& order_id, std::int64_t quantity, const std::string& batch_ref) {
    allocation::v1::Deallocated event;
    event.set_order_id(order_id);
    return finish(event, batch_ref, quantity);
  }
  Record out_of_stock(const std::string& order_id, std::int64_t quantity, bool backordered) {
    allocation::v1::OutOfStock event;
    event.set_sku(sku_);
    event.set_order_id(order_id);
    event.set_quantity(quantity);
    event.set_backordered(backordered);
    return to_record("allocation.events", event, sku_, ++version_, time_);
  }
  std::int64_t version() const { return version_; }

 private:
  template <class Event>
  Record finish(Event& event, const std::string& batch_ref, std::int64_t quantity) {
    event.set_sku(sku_);
    event.set_batch_ref(batch_ref);
    event.set_quantity(quantity);
    return to_record("allocation.events", event, sku_, ++version_, time_);
  }
  std::string sku_;
  std::int64_t version_ = 0;
  std::optional<Time> time_;
};

struct OrderItem {
  std::string sku;
  std::int64_t quantity = 1, price = 100;
};

// One order's events, numbered 1, 2, 3 …; all money is GBP.
class OrderStream {
 public:
  explicit OrderStream(std::string order_id, std::string customer_id = "c1")
      : order_id_(std::move(order_id)), customer_id_(std::move(customer_id)) {}

  // The time of the events to come; without it the clock's.
  OrderStream& at(const std::string& rfc3339) {
    time_ = parse_rfc3339(rfc3339);
    return *this;
  }
  Record created(const std::vector<OrderItem>& items, const std::string& created_at = "") {
    ordering::v1::OrderCreated event;
    event.set_customer_id(customer_id_);
    for (const auto& [sku, quantity, price] : items) {
      auto& item = *event.add_items();
      item.set_sku(sku);
      item.set_quantity(quantity);
      *item.mutable_unit_price() = money(price);
      total_ += quantity * price;
    }
    *event.mutable_total() = money(total_);
    if (!created_at.empty()) {
      event.mutable_created_at()->set_seconds(to_unix_ms(*parse_rfc3339(created_at)) / 1'000);
    }
    return finish(event);
  }
  Record allocated() { return finish(ordering::v1::OrderAllocated{}); }
  Record paid() {
    ordering::v1::OrderPaid event;
    *event.mutable_amount() = money(total_);
    paid_ = true;
    return finish(event);
  }
  Record shipped() { return finish(ordering::v1::OrderShipped{}); }
  Record cancelled(const std::string& reason) {
    ordering::v1::OrderCancelled event;
    event.set_reason(reason);
    event.set_was_paid(paid_);
    *event.mutable_refund() = money(paid_ ? total_ : 0);
    return finish(event);
  }
  const std::string& id() const { return order_id_; }
  std::int64_t version() const { return version_; }
  std::int64_t total() const { return total_; }

 private:
  static ordering::v1::Money money(std::int64_t minor_units) {
    ordering::v1::Money money;
    money.set_currency("GBP");
    money.set_minor_units(minor_units);
    return money;
  }
  template <class Event>
  Record finish(Event event) {
    event.set_order_id(order_id_);
    return to_record("ordering.events", event, order_id_, ++version_, time_);
  }
  std::string order_id_, customer_id_;
  std::int64_t version_ = 0, total_ = 0;
  bool paid_ = false;
  std::optional<Time> time_;
};

inline Record became_vip(const std::string& customer_id, const std::string& time) {
  customer::v1::CustomerBecameVip event;
  event.set_customer_id(customer_id);
  return to_record("customer.events", event, customer_id, 1, parse_rfc3339(time));
}

// Of a customer whose id is sealed: whose an order is.
inline Record recorded(const std::string& customer_id, const OrderStream& order, std::int64_t version = 1) {
  customer::v1::OrderRecorded event;
  event.set_customer_id(customer_id);
  event.set_order_id(order.id());
  event.mutable_total()->set_currency("GBP");
  event.mutable_total()->set_minor_units(order.total());
  return to_record("customer.events", event, customer_id, version);
}

// The record of an unreadable command, as the write service gives it up.
inline Record dead_letter(std::string value, const std::string& reason, const std::string& time) {
  return {.topic = "dead-letters",
          .partition = 0,
          .key = "LAMP",
          .value = std::move(value),
          .headers = {{"ce_id", "cmd-1"},
                      {"ce_type", "allocation.v1.Allocate"},
                      {"content-type", "application/json"},
                      {"dlq-reason", reason},
                      {"dlq-detail", "it \"cannot\" be read"},
                      {"dlq-topic", "allocation.commands"},
                      {"dlq-partition", "3"},
                      {"dlq-offset", "17"},
                      {"dlq-time", time}},
          .timestamp_ms = 0};
}

inline Record accepted(const std::string& command_id, std::int64_t version = 1) {
  messaging::v1::CommandResult result;
  result.set_command_id(command_id);
  result.set_type("allocation.v1.Allocate");
  result.set_status(messaging::v1::ACCEPTED);
  result.set_aggregate_id("LAMP");
  result.set_version(version);
  result.set_batch_ref("B1");
  return to_record("command.results", result, command_id, 0);
}

}  // namespace orderly::test
