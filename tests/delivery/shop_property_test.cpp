// Ten thousand random shops: products, orders and customers as their deciders, what follows from their events by
// reactions, carried between them in any order that the topics allow. Every answer of an order and a customer is held
// against a model, stock is counted after every step, and at rest orders and products must say the same.
// (The products' own answers are held against a model in tests/domain/product_property_test.cpp.)
#include <deque>
#include <random>

#include "delivery/order_model.h"
#include "domain/product.h"
#include "given.h"
#include "reactions/reactions.h"

namespace orderly::test {
namespace {

using namespace domain;
using testing::describe;
using testing::validate_and_decide;

constexpr std::uint64_t shops = 10'000;
constexpr int commands_a_shop = 40;

void require(bool holds, const std::string& what) {  // as REQUIRE, which costs too much for millions of checks
  if (!holds) FAIL(what);
}

void check_stock(const Product::State& product, const std::string& where) {
  const auto snapshot = Product::snapshot(product);
  std::vector<std::int64_t> allocated(snapshot.batches.size());
  std::set<std::string> orders;
  for (const auto& line : snapshot.lines) {
    allocated[line.batch] += line.quantity;
    require(orders.insert(line.order_id).second, where + "a line is allocated twice");
  }
  for (BatchNumber batch = 0; batch < allocated.size(); ++batch) {
    require(product.batches.room(batch) >= 0, where + "negative stock");
    require(allocated[batch] + product.batches.room(batch) == snapshot.batches[batch].quantity,
            where + "allocated + available");
    require(snapshot.waiting.empty() || product.batches.room(batch) < snapshot.waiting.front().quantity,
            where + "the first in the queue waits beside a batch with room");
  }
  for (std::size_t i = 0; i < snapshot.waiting.size(); ++i) {
    require(orders.insert(snapshot.waiting[i].order_id).second, where + "a line waits that is there already");
    require(i == 0 || snapshot.waiting[i - 1].arrived < snapshot.waiting[i].arrived, where + "the queue's order");
  }
}

class RandomShop {
 public:
  explicit RandomShop(std::uint64_t seed) : seed_(seed), random_(seed), clients_give_back_(seed % 2 == 0) {
    policies_.payment_deadline = std::chrono::seconds{60};
  }

  void run() {
    for (step_ = 0; step_ < commands_a_shop; ++step_) {
      send_any();
      for (int deliveries = pick(0, 5); deliveries > 0; --deliveries) deliver_any();
    }
    while (!channels_.empty()) deliver_any();
    check_at_rest();
  }

 private:
  int pick(int least, int most) { return std::uniform_int_distribution{least, most}(random_); }
  std::string where() const { return "seed " + std::to_string(seed_) + ", command " + std::to_string(step_) + ": "; }
  std::string order() { return "o" + std::to_string(pick(1, 5)); }
  std::string sku() { return pick(0, 1) == 0 ? "A" : "B"; }
  std::string batch() { return "b" + std::to_string(pick(1, 4)); }

  void send_any() {
    const int kind = pick(0, 99);
    if (kind < 12) return handle<Product>(CreateBatch{batch(), sku(), pick(1, 12), {}});
    if (kind < 24) return handle<Product>(ChangeBatchQuantity{batch(), pick(0, 12), sku()});
    if (kind < 34) return handle<Product>(allocate());
    if (kind < 38 && clients_give_back_) return handle<Product>(Deallocate{order(), sku()});
    if (kind < 60) return handle<Order>(create());
    if (kind < 76) return handle<Order>(pay());
    if (kind < 86) return handle<Order>(ShipOrder{order()});
    if (kind < 94) return handle<Order>(CancelOrder{order(), "no"});
    if (deadlines_.empty()) return;
    const auto due = std::next(deadlines_.begin(), pick(0, static_cast<int>(deadlines_.size()) - 1));
    const auto command = due->second;
    deadlines_.erase(due);
    handle<Order>(command);
  }
  Allocate allocate() {
    const bool replace = clients_give_back_ && pick(0, 3) == 0;
    return {order(), sku(), pick(1, 4), pick(0, 1) == 1, replace};
  }
  CreateOrder create() {
    CreateOrder command{order(), "c" + std::to_string(pick(1, 2)), {}, {}};
    for (int items = pick(1, 3); items > 0; --items) {
      command.items.push_back({sku(), pick(1, 2), {"EUR", pick(0, 1) == 0 ? 50 : 70}});
    }
    return command;
  }
  PayOrder pay() {
    const auto id = order();
    return {id, {"EUR", orders_model_[id].total() + (pick(0, 4) == 0 ? 1 : 0)}};
  }

  // Each sender's commands to one receiver arrive in order; between senders anything goes.
  void deliver_any() {
    if (channels_.empty()) return;
    const auto channel = std::next(channels_.begin(), pick(0, static_cast<int>(channels_.size()) - 1));
    const auto command = std::move(channel->second.front());
    channel->second.pop_front();
    if (channel->second.empty()) channels_.erase(channel);
    std::visit(overloaded{[&](const Product::Command& c) { handle<Product>(c); },
                          [&](const Order::Command& c) { handle<Order>(c); },
                          [&](const Customer::Command& c) { handle<Customer>(c); }},
               command);
  }

  template <Decider A>
  void handle(const typename A::Command& command) {
    const auto id = A::aggregate_id(command);
    auto& state = std::get<std::map<std::string, typename A::State>>(states_)[id];
    const auto decision = validate_and_decide<A>(state, command);
    check_answer(command, decision);
    if (!decision) return;
    const std::string sender = std::string{A::stream_category} + '/' + id;
    for (const auto& event : *decision) {
      A::evolve(state, event);
      carry_out(sender, reactions::react(event, policies_));
    }
    if constexpr (std::same_as<A, Product>) {
      const auto* allocate = std::get_if<Allocate>(&command);
      if (allocate && decision->empty()) carry_out(sender, reactions::tell_again(state, *allocate));
      check_stock(state, where());
    }
    check_twice_adds_nothing<A>(state, command);
  }

  void check_answer(const Product::Command&, const Decision<Product::Event>&) {}
  void check_answer(const Order::Command& command, const Decision<Order::Event>& got) {
    const auto wanted = orders_model_[Order::aggregate_id(command)].run(command, testing::test_time);
    const bool same = got ? wanted && *wanted == *got : !wanted && wanted.error() == got.error().code;
    require(same, where() + "expected:" + (wanted ? describe(*wanted) : std::string{to_string(wanted.error())}) +
                      "\ngot:" + (got ? describe(*got) : got.error().message));
  }
  void check_answer(const Customer::Command& command, const Decision<Customer::Event>& got) {
    const auto wanted = customers_model_[Customer::aggregate_id(command)].run(std::get<RecordOrder>(command));
    require(got && *got == wanted, where() + "expected of a customer:" + describe(wanted));
  }

  // Refused or without an event. What found no room and does not wait is told so again.
  template <Decider A>
  void check_twice_adds_nothing(const typename A::State& state, const typename A::Command& command) {
    const auto again = validate_and_decide<A>(state, command);
    if (!again || again->empty()) return;
    bool told_again = false;
    if constexpr (std::same_as<A, Product>) {
      const auto* out = std::get_if<OutOfStock>(&again->front());
      told_again = again->size() == 1 && out != nullptr && !out->backordered;
    }
    require(told_again, where() + "twice:" + describe(*again));
  }

  void carry_out(const std::string& sender, const reactions::Reactions& reactions) {
    for (const auto& reaction : reactions) {
      std::visit(overloaded{[&](const Allocate& c) { send<Product>(sender, c); },
                            [&](const Deallocate& c) { send<Product>(sender, c); },
                            [&](const RecordAllocation& c) { send<Order>(sender, c); },
                            [&](const RecordOutOfStock& c) { send<Order>(sender, c); },
                            [&](const RecordDeallocation& c) { send<Order>(sender, c); },
                            [&](const RecordOrder& c) { send<Customer>(sender, c); },
                            [&](const reactions::Schedule& s) { deadlines_.emplace(s.name, s.command); },
                            [&](const reactions::Withdraw& w) { deadlines_.erase(w.name); }},
                 reaction);
    }
  }
  template <Decider A>
  void send(const std::string& sender, const typename A::Command& command) {
    channels_[sender + " to " + std::string{A::stream_category} + '/' + A::aggregate_id(command)].emplace_back(command);
  }

  void check_at_rest() {
    std::map<std::string, std::int64_t> spent;
    for (const auto& [id, order] : orders_model_) {
      if (order.exists()) spent[order.customer()] += order.total();
      for (const auto& [sku, line] : order.lines()) check_line(order, id, sku, line);
    }
    for (const auto& [id, customer] : customers_model_) {
      require(customer.spent == spent[id], where() + "totals of " + id);
    }
  }
  // A line that its product may tell the order of, against what the order says.
  void check_line(const OrderModel& order, const std::string& id, const std::string& sku,
                  const OrderModel::Line& line) {
    if (order.is_shipped()) return;  // which no fact changes any more
    const auto& product = std::get<0>(states_)[sku];
    const auto found = product.lines.find(id);
    const bool is_its =
        found && product.lines.at(*found).quantity == line.quantity && product.lines.at(*found).backorder;
    const auto batch = is_its ? Product::allocated_batch(product, id).value_or("out") : "";
    const auto what = where() + "order " + id + ", sku " + sku + ": '" + line.where + "', its product '" + batch + "'";
    if (order.is_cancelled()) return require(line.where.empty() || line.where == "out", what);
    require(line.where == batch, what);
    require(is_its || clients_give_back_, what + ": no line");
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  bool clients_give_back_;  // lines of orders too, by Deallocate or with replace
  int step_ = 0;
  reactions::Policies policies_;
  std::tuple<std::map<std::string, Product::State>, std::map<std::string, Order::State>,
             std::map<std::string, Customer::State>>
      states_;
  std::map<std::string, OrderModel> orders_model_;
  std::map<std::string, CustomerModel> customers_model_;
  std::map<std::string, std::deque<std::variant<Product::Command, Order::Command, Customer::Command>>> channels_;
  std::map<std::string, CancelUnpaidOrder> deadlines_;
};

}  // namespace

TEST_CASE("ten thousand random shops: orders, customers and stock obey the rules and agree", "[property]") {
  for (std::uint64_t seed = 1; seed <= shops; ++seed) RandomShop{seed}.run();
  SUCCEED();
}

}  // namespace orderly::test
