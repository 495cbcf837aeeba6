#include "reactions/reactions.h"

#include "domain/order_items.h"

namespace orderly::reactions {
namespace {

using domain::overloaded;

std::string deadline_of(const std::string& order_id) { return "payment/" + order_id; }

std::string in_words(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

Reactions created(const domain::OrderCreated& e, const Policies& policies) {
  Reactions reactions;
  reactions.reserve(e.items.size() + 2);
  domain::for_each_sku(e.items, [&](const std::string& sku, std::int64_t quantity) {
    reactions.emplace_back(
        domain::Allocate{.order_id = e.order_id, .sku = sku, .quantity = quantity, .backorder = true, .replace = true});
  });
  reactions.emplace_back(domain::RecordOrder{e.customer_id, e.order_id, e.total});
  if (const auto deadline = policies.payment_deadline) {
    reactions.emplace_back(
        Schedule{deadline_of(e.order_id), *deadline, {e.order_id, "not paid within " + in_words(*deadline)}});
  }
  return reactions;
}

Reactions cancelled(const domain::OrderCancelled& e) {
  Reactions reactions;
  reactions.reserve(e.skus.size() + 1);
  for (const auto& sku : e.skus) reactions.emplace_back(domain::Deallocate{e.order_id, sku});
  reactions.emplace_back(Withdraw{deadline_of(e.order_id)});
  return reactions;
}

}  // namespace

Reactions react(const domain::Product::Event& event, const Policies&) {
  return std::visit(overloaded{[](const domain::BatchCreated&) { return Reactions{}; },
                               [](const domain::BatchQuantityChanged&) { return Reactions{}; },
                               [](const domain::Allocated& e) {
                                 if (!e.backorder) return Reactions{};
                                 return Reactions{domain::RecordAllocation{e.order_id, e.sku, e.quantity, e.batch_ref}};
                               },
                               [](const domain::Deallocated& e) {
                                 if (!e.backorder) return Reactions{};
                                 return Reactions{domain::RecordDeallocation{e.order_id, e.sku, e.quantity, e.reason}};
                               },
                               [](const domain::OutOfStock& e) {
                                 if (!e.backordered) return Reactions{};
                                 return Reactions{domain::RecordOutOfStock{e.order_id, e.sku, e.quantity}};
                               },
                               [](const domain::BackorderPromised& e) {
                                 return Reactions{domain::RecordAllocation{e.order_id, e.sku, e.quantity, e.batch_ref}};
                               }},
                    event);
}

Reactions react(const domain::Order::Event& event, const Policies& policies) {
  return std::visit(overloaded{[&](const domain::OrderCreated& e) { return created(e, policies); },
                               [](const domain::OrderCancelled& e) { return cancelled(e); },
                               [](const domain::OrderPaid& e) { return Reactions{Withdraw{deadline_of(e.order_id)}}; },
                               [](const domain::LineAllocatedAfterCancel& e) {
                                 return Reactions{domain::Deallocate{e.order_id, e.sku}};
                               },
                               [](const domain::LineAllocated&) { return Reactions{}; },
                               [](const domain::LineOutOfStock&) { return Reactions{}; },
                               [](const domain::LineDeallocated&) { return Reactions{}; },
                               [](const domain::OrderAllocated&) { return Reactions{}; },
                               [](const domain::OrderShipped&) { return Reactions{}; }},
                    event);
}

Reactions react(const domain::Customer::Event& event, const Policies&) {
  return std::visit(overloaded{[](const domain::OrderRecorded&) { return Reactions{}; },
                               [](const domain::CustomerBecameVip&) { return Reactions{}; },
                               [](const domain::CustomerForgotten&) { return Reactions{}; }},
                    event);
}

Reactions react(const domain::BatchReference::Event& event, const Policies&) {
  return std::visit(overloaded{[](const domain::BatchReferenceClaimed&) { return Reactions{}; }}, event);
}

Reactions tell_again(const domain::Product::State& product, const domain::Allocate& command) {
  if (!command.backorder) return {};
  if (auto batch = domain::Product::allocated_batch(product, command.order_id)) {
    return {domain::RecordAllocation{command.order_id, command.sku, command.quantity, *std::move(batch)}};
  }
  return {domain::RecordOutOfStock{command.order_id, command.sku, command.quantity}};
}

}  // namespace orderly::reactions
