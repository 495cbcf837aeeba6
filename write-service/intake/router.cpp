#include "intake/router.h"

namespace orderly::intake {
namespace {

const std::string& product_id(const domain::Product::Command& command) {
  if (const auto* change = std::get_if<domain::ChangeBatchQuantity>(&command);
      change != nullptr && change->sku.empty()) {
    return change->batch_ref;
  }
  return domain::Product::aggregate_id(command);
}

}  // namespace

const std::string& routing_id(const Command& command) {
  return std::visit(
      domain::overloaded{
          [](const domain::Product::Command& c) -> const std::string& { return product_id(c); },
          [](const domain::BatchReference::Command& c) -> const std::string& {
            return domain::BatchReference::aggregate_id(c);
          },
          [](const SettleBatchReference& c) -> const std::string& { return c.sku; },
          [](const domain::Order::Command& c) -> const std::string& { return domain::Order::aggregate_id(c); },
          [](const domain::Customer::Command& c) -> const std::string& { return domain::Customer::aggregate_id(c); },
      },
      command);
}

}  // namespace orderly::intake
