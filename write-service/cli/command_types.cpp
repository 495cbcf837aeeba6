#include "cli/command_types.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "cli/text.h"
#include "customer/v1/customer.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::cli {
namespace {

template <class Message>
CommandType type(std::vector<std::string> key_fields) {
  return {&Message::default_instance(), std::move(key_fields)};
}

}  // namespace

std::span<const CommandType> command_types() {
  namespace al = allocation::v1;
  namespace od = ordering::v1;
  namespace cu = customer::v1;
  static const std::array types{
      type<al::CreateBatch>({"sku"}),      type<al::Allocate>({"sku"}),
      type<al::Deallocate>({"sku"}),       type<al::ChangeBatchQuantity>({"sku", "batch_ref"}),
      type<od::CreateOrder>({"order_id"}), type<od::PayOrder>({"order_id"}),
      type<od::ShipOrder>({"order_id"}),   type<od::CancelOrder>({"order_id"}),
      type<cu::ForgetCustomer>({"customer_id"}),
  };
  return types;
}

const CommandType& command_type(std::string_view name) {
  const auto types = command_types();
  const auto found = std::ranges::find(types, name, &CommandType::name);
  if (found != types.end()) return *found;
  std::vector<std::string> known;
  for (const auto& candidate : types) known.push_back(candidate.name());
  throw std::invalid_argument{"unknown command type \"" + shortened(one_line(name), 60) + "\"; known are " +
                              joined(known, ", ")};
}

std::string CommandType::key(const google::protobuf::Message& message) const {
  for (const auto& name : key_fields) {
    auto value = message.GetReflection()->GetString(message, message.GetDescriptor()->FindFieldByName(name));
    if (!value.empty()) return value;
  }
  return {};
}

std::string field_names(const google::protobuf::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return joined(names, ", ");
}

}  // namespace orderly::cli
