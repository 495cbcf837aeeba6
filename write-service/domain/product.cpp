#include "domain/product.h"

#include <stdexcept>
#include <utility>

#include "domain/restocking.h"

namespace orderly::domain {
namespace {

using Events = std::vector<Product::Event>;
using Verdict = Decision<Product::Event>;

std::unexpected<Rejection> refuse(RejectionCode code, std::string_view field, const std::string& what) {
  return std::unexpected(Rejection{code, std::string{field}, std::string{field} + ": " + what});
}

std::unexpected<Rejection> unknown_sku(const std::string& sku) {
  return refuse(RejectionCode::unknown_sku, "sku", quoted(sku) + " has no batch");
}

std::optional<Rejection> check(const CreateBatch& c) {
  if (auto problem = check_id("batch_ref", c.batch_ref)) return problem;
  if (auto problem = check_id("sku", c.sku)) return problem;
  if (auto problem = check_quantity("quantity", c.quantity)) return problem;
  return c.eta ? check_date("eta", *c.eta) : std::nullopt;
}

std::optional<Rejection> check(const Allocate& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  if (auto problem = check_id("sku", c.sku)) return problem;
  return check_quantity("quantity", c.quantity);
}

std::optional<Rejection> check(const Deallocate& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  return check_id("sku", c.sku);
}

std::optional<Rejection> check(const ChangeBatchQuantity& c) {
  if (auto problem = check_id("batch_ref", c.batch_ref)) return problem;
  if (auto problem = check_quantity("quantity", c.quantity, 0)) return problem;
  return check_id("sku", c.sku);
}

Verdict decide_on(const Product::State& state, const CreateBatch& c) {
  if (state.batches.find(c.batch_ref)) {
    return refuse(RejectionCode::batch_exists, "batch_ref", "batch " + quoted(c.batch_ref) + " exists already");
  }
  Events events{BatchCreated{c.batch_ref, c.sku, c.quantity, c.eta}};
  if (head_fits_into(state, c.quantity)) {
    Restocking restocking{state, c.sku, std::move(events)};
    restocking.add_batch(c.batch_ref, c.quantity, c.eta);
    restocking.serve_queue();
    events = std::move(restocking).events();
  }
  return events;
}

Deallocated give_back(const Product::State& state, const OpenLine& line, const std::string& sku,
                      std::string_view reason) {
  const std::string batch_ref = line.batch ? state.batches.at(*line.batch).reference : std::string{};
  return {line.order_id, sku, line.quantity, batch_ref, std::string{reason}, line.backorder};
}

Events replace(const Product::State& state, LinePlace known, const Allocate& c) {
  Restocking restocking{state, c.sku, Events{give_back(state, state.lines.at(known), c.sku, reason_replaced)}};
  restocking.remove(known);
  restocking.serve_queue();
  restocking.add_line(c);
  return std::move(restocking).events();
}

Verdict decide_on(const Product::State& state, const Allocate& c) {
  if (state.batches.empty() && !c.backorder) return unknown_sku(c.sku);
  if (const auto known = state.lines.find(c.order_id)) {
    const auto [order_id, quantity, backorder, arrived, batch] = state.lines.at(*known);
    if (quantity == c.quantity && (backorder || !c.backorder)) return Events{};
    if (quantity == c.quantity) {  // without backorder it never waits, so it has a batch
      return Events{BackorderPromised{c.order_id, c.sku, quantity, state.batches.at(*batch).reference}};
    }
    if (c.replace) return replace(state, *known, c);
    return refuse(RejectionCode::line_exists, "quantity",
                  "order " + quoted(c.order_id) + " has this line already, with quantity " + std::to_string(quantity) +
                      ", got " + std::to_string(c.quantity));
  }
  if (!state.lines.anyone_waits()) {
    if (const auto batch = state.batches.rooms().first_with_room(c.quantity)) {
      return Events{Allocated{c.order_id, c.sku, c.quantity, state.batches.at(*batch).reference, c.backorder}};
    }
  }
  return Events{OutOfStock{c.sku, c.order_id, c.quantity, c.backorder}};
}

Verdict decide_on(const Product::State& state, const Deallocate& c) {
  if (state.batches.empty() && state.lines.size() == 0) return unknown_sku(c.sku);
  const auto known = state.lines.find(c.order_id);
  if (!known) return Events{};
  const OpenLine line = state.lines.at(*known);
  Events events{give_back(state, line, c.sku, reason_requested)};

  const bool was_head = known == state.lines.first_waiting();
  const bool makes_room = line.batch && head_fits_into(state, state.batches.room(*line.batch) + line.quantity);
  if (was_head || makes_room) {
    Restocking restocking{state, c.sku, std::move(events)};
    restocking.remove(*known);
    restocking.serve_queue();
    events = std::move(restocking).events();
  }
  return events;
}

Verdict decide_on(const Product::State& state, const ChangeBatchQuantity& c) {
  const auto batch = state.batches.find(c.batch_ref);
  if (!batch) {
    return refuse(RejectionCode::unknown_batch, "batch_ref", quoted(c.sku) + " has no batch " + quoted(c.batch_ref));
  }
  const std::int64_t difference = c.quantity - state.batches.at(*batch).quantity;
  if (difference == 0) return Events{};

  Events events{BatchQuantityChanged{c.batch_ref, c.sku, c.quantity}};
  const std::int64_t room = state.batches.room(*batch) + difference;
  if (room < 0 || head_fits_into(state, room)) {
    Restocking restocking{state, c.sku, std::move(events)};
    restocking.change_quantity(*batch, difference);
    restocking.reallocate_what_no_longer_fits(*batch);
    restocking.serve_queue();
    events = std::move(restocking).events();
  }
  return events;
}

BatchNumber number_of(const Product::State& state, const std::string& batch_ref) {
  const auto number = state.batches.find(batch_ref);
  if (!number) throw std::logic_error("an event of an unknown batch " + quoted(batch_ref));
  return *number;
}

void apply(Product::State& state, const Allocated& e) {
  const BatchNumber batch = number_of(state, e.batch_ref);
  state.lines.allocate(e.order_id, e.quantity, e.backorder, batch);
  state.batches.take(batch, e.quantity);
}

void apply(Product::State& state, const Deallocated& e) {
  const auto line = state.lines.find(e.order_id);
  if (!line) throw std::logic_error("an unknown line deallocated");
  const auto batch = e.batch_ref.empty() ? std::nullopt : std::optional{number_of(state, e.batch_ref)};
  if (e.reason == reason_batch_quantity_changed) {
    state.lines.displace(*line);  // the next event that names the line says whether it stays in the queue
  } else {
    state.lines.close(*line);
  }
  if (batch) state.batches.give_back(*batch, e.quantity);
}

void apply(Product::State& state, const OutOfStock& e) {
  if (e.backordered) {
    state.lines.wait(e.order_id, e.quantity);
  } else if (const auto displaced = state.lines.find(e.order_id)) {
    state.lines.close(*displaced);
  }
}

void apply(Product::State& state, const BackorderPromised& e) {
  const auto line = state.lines.find(e.order_id);
  if (!line) throw std::logic_error("backorder promised to an unknown line");
  state.lines.promise_backorder(*line);
}

}  // namespace

std::optional<Rejection> Product::validate(const Command& command) {
  return std::visit(
      overloaded{[](const CreateBatch& c) { return check(c); }, [](const Allocate& c) { return check(c); },
                 [](const Deallocate& c) { return check(c); }, [](const ChangeBatchQuantity& c) { return check(c); }},
      command);
}

Decision<Product::Event> Product::decide(const State& state, const Command& command, Time) {
  return std::visit(overloaded{[&](const CreateBatch& c) { return decide_on(state, c); },
                               [&](const Allocate& c) { return decide_on(state, c); },
                               [&](const Deallocate& c) { return decide_on(state, c); },
                               [&](const ChangeBatchQuantity& c) { return decide_on(state, c); }},
                    command);
}

void Product::evolve(State& state, const Event& event) {
  std::visit(
      overloaded{
          [&](const BatchCreated& e) { state.batches.add(e.batch_ref, e.quantity, e.eta); },
          [&](const BatchQuantityChanged& e) { state.batches.set_quantity(number_of(state, e.batch_ref), e.quantity); },
          [&](const Allocated& e) { apply(state, e); }, [&](const Deallocated& e) { apply(state, e); },
          [&](const OutOfStock& e) { apply(state, e); }, [&](const BackorderPromised& e) { apply(state, e); }},
      event);
}

std::size_t Product::approximate_bytes(const State& state) {
  return sizeof(State) + state.batches.approximate_bytes() + state.lines.approximate_bytes();
}

const std::string& Product::aggregate_id(const Command& command) {
  return std::visit(overloaded{[](const CreateBatch& c) -> const std::string& { return c.sku; },
                               [](const Allocate& c) -> const std::string& { return c.sku; },
                               [](const Deallocate& c) -> const std::string& { return c.sku; },
                               [](const ChangeBatchQuantity& c) -> const std::string& { return c.sku; }},
                    command);
}

std::optional<std::string> Product::allocated_batch(const State& state, std::string_view order_id) {
  const auto line = state.lines.find(order_id);
  const auto batch = line ? state.lines.at(*line).batch : std::nullopt;
  return batch ? std::optional{state.batches.at(*batch).reference} : std::nullopt;
}

}  // namespace orderly::domain
