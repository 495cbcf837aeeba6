#include "order_commands.h"

#include <google/protobuf/message.h>

#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::bench {
namespace {

constexpr const char* currency = "GBP";
constexpr std::int64_t price_minor_units = 255;

std::int64_t quantity(std::uint64_t number, int line) {
  return static_cast<std::int64_t>((number + static_cast<std::uint64_t>(line)) % 10) + 1;
}

}  // namespace

Record OrderCommands::create(std::uint64_t number) {
  order_ = Workload::order_id(number);
  ordering::v1::CreateOrder message;
  message.set_order_id(order_);
  message.set_customer_id("customer-" + std::to_string(number / 3));
  for (int line = 0; line < lines; ++line) {
    auto& item = *message.add_items();
    item.set_sku(Workload::sku_name(static_cast<int>((number * 7 + static_cast<std::uint64_t>(line) * 201) %
                                                     static_cast<std::uint64_t>(skus_))));
    item.set_quantity(quantity(number, line));
    item.mutable_unit_price()->set_currency(currency);
    item.mutable_unit_price()->set_minor_units(price_minor_units);
  }
  message.SerializeToString(&value_);
  return command("ordering.v1.CreateOrder");
}

Record OrderCommands::pay(std::uint64_t number) {
  order_ = Workload::order_id(number);
  std::int64_t pieces = 0;
  for (int line = 0; line < lines; ++line) pieces += quantity(number, line);
  ordering::v1::PayOrder message;
  message.set_order_id(order_);
  message.mutable_amount()->set_currency(currency);
  message.mutable_amount()->set_minor_units(pieces * price_minor_units);
  message.SerializeToString(&value_);
  return command("ordering.v1.PayOrder");
}

Record OrderCommands::ship(std::uint64_t number) {
  order_ = Workload::order_id(number);
  ordering::v1::ShipOrder message;
  message.set_order_id(order_);
  message.SerializeToString(&value_);
  return command("ordering.v1.ShipOrder");
}

Record OrderCommands::command(std::string_view type) {
  const auto now = SystemClock{}.now();
  time_ = to_rfc3339(now);
  id_ = new_uuid_v7(now, random_);
  return {type, order_, id_, value_, command_headers({.id = id_, .type = type, .time = time_, .subject = order_})};
}

}  // namespace orderly::bench
