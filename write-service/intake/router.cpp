#include "intake/router.h"

namespace orderly::intake {
namespace {

using domain::overloaded;

bool lacks_sku(const domain::Product::Command& command) {
  const auto* change = std::get_if<domain::ChangeBatchQuantity>(&command);
  return change != nullptr && change->sku.empty();
}

std::string_view product_id(const domain::Product::Command& command) {
  if (lacks_sku(command)) return std::get<domain::ChangeBatchQuantity>(command).batch_ref;
  return domain::Product::aggregate_id(command);
}

std::string_view category_of(const Command& command) {
  return std::visit(
      overloaded{[](const domain::Product::Command& c) {
                   return lacks_sku(c) ? domain::BatchReference::stream_category : domain::Product::stream_category;
                 },
                 [](const domain::BatchReference::Command&) { return domain::BatchReference::stream_category; },
                 [](const SettleBatchReference&) { return domain::Product::stream_category; },
                 [](const domain::Order::Command&) { return domain::Order::stream_category; },
                 [](const domain::Customer::Command&) { return domain::Customer::stream_category; },
                 [](const ReleaseParked& c) { return std::string_view{c.stream}.substr(0, c.stream.find('/')); }},
      command);
}

}  // namespace

std::string_view routing_id(const Command& command) {
  return std::visit(
      overloaded{[](const domain::Product::Command& c) { return product_id(c); },
                 [](const domain::BatchReference::Command& c) {
                   return std::string_view{domain::BatchReference::aggregate_id(c)};
                 },
                 [](const SettleBatchReference& c) { return std::string_view{c.sku}; },
                 [](const domain::Order::Command& c) { return std::string_view{domain::Order::aggregate_id(c)}; },
                 [](const domain::Customer::Command& c) { return std::string_view{domain::Customer::aggregate_id(c)}; },
                 [](const ReleaseParked& c) { return std::string_view{c.stream}.substr(c.stream.find('/') + 1); }},
      command);
}

std::string stream_of(const Command& command) {
  return std::string{category_of(command)}.append(1, '/').append(routing_id(command));
}

}  // namespace orderly::intake
