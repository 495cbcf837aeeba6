// The published language: what of a domain event others may see, or nothing. Apart from domain and stored types, so
// that each can change alone. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/batch_reference.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"

namespace orderly::outbox {

struct IntegrationEvent {
  std::string_view topic;
  std::string_view type;  // the message's full name
  std::string payload;    // serialised Protobuf
};

std::optional<IntegrationEvent> to_integration_event(const domain::Product::Event& event);
std::optional<IntegrationEvent> to_integration_event(const domain::BatchReference::Event& event);
std::optional<IntegrationEvent> to_integration_event(const domain::Order::Event& event);
std::optional<IntegrationEvent> to_integration_event(const domain::Customer::Event& event);

}  // namespace orderly::outbox
