#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "cli/import/schedule.h"

using namespace orderly::cli::importing;

namespace {

using Numbers = std::vector<std::int64_t>;

PlannedOrder order(std::int64_t number, std::int64_t lines = 1) {
  return {number, {number, number + 1, number + 2}, false, lines, {}, Stock::unknown};
}

PlannedOrder cancelled_order(std::int64_t number, std::int64_t by) {
  return {number, {number, number + 1, by}, true, 1, {}, Stock::unknown};
}

Numbers sent(Schedule& schedule) {
  Numbers numbers;
  while (const auto number = schedule.next_to_send()) numbers.push_back(*number);
  return numbers;
}

Numbers not_sent(Schedule& schedule) {
  Numbers numbers;
  while (const auto number = schedule.next_not_to_send()) numbers.push_back(*number);
  return numbers;
}

}  // namespace

TEST_CASE("Orders wait for the batches") {
  Schedule schedule{100};
  schedule.add_batch(-2);
  schedule.add_batch(-1);
  CHECK(sent(schedule) == Numbers{-2, -1});
  CHECK_FALSE(schedule.batches_are_answered());
  schedule.hear_outcome(-2, Outcome::accepted);
  schedule.hear_outcome(-2, Outcome::accepted);  // told twice
  CHECK_FALSE(schedule.batches_are_answered());
  schedule.hear_outcome(-1, Outcome::rejected);
  CHECK(schedule.batches_are_answered());
}

TEST_CASE("An order is created, paid and shipped, each once the former was accepted and the stock is there") {
  Schedule schedule{100};
  schedule.add_order(order(1));
  schedule.reach_end();
  CHECK(sent(schedule) == Numbers{1});
  schedule.hear_outcome(1, Outcome::accepted);
  CHECK(sent(schedule) == Numbers{2});
  schedule.hear_outcome(2, Outcome::accepted);
  CHECK(sent(schedule).empty());
  CHECK_FALSE(schedule.is_finished());
  schedule.hear_stock(1, Stock::allocated);
  CHECK(sent(schedule) == Numbers{3});
  schedule.hear_outcome(3, Outcome::accepted);
  CHECK(schedule.is_finished());
}

TEST_CASE("Stock may be heard of before anything else") {
  Schedule schedule{100};
  schedule.add_order(order(1));
  schedule.hear_stock(1, Stock::allocated);
  CHECK(sent(schedule) == Numbers{1});
  schedule.hear_outcome(1, Outcome::accepted);
  schedule.hear_outcome(2, Outcome::accepted);
  CHECK(sent(schedule) == Numbers{2, 3});
}

TEST_CASE("What is out of stock is asked to ship at the very end, or when stock comes") {
  Schedule schedule{100};
  for (const auto number : {1, 4, 7}) {
    schedule.add_order(order(number));
    schedule.hear_outcome(number, Outcome::accepted);
    schedule.hear_outcome(number + 1, Outcome::accepted);
    schedule.hear_stock(number, Stock::out);
  }
  sent(schedule);
  schedule.hear_stock(4, Stock::allocated);
  CHECK(sent(schedule) == Numbers{6});
  schedule.reach_end();
  CHECK(sent(schedule).empty());  // 6 is under way
  schedule.hear_outcome(6, Outcome::accepted);
  CHECK(sent(schedule) == Numbers{3, 9});
  schedule.hear_outcome(3, Outcome::rejected);
  CHECK_FALSE(schedule.is_finished());
  schedule.hear_outcome(9, Outcome::rejected);
  CHECK(schedule.is_finished());
}

TEST_CASE("The end waits until it is known of every order whether there is stock") {
  Schedule schedule{100};
  for (const auto number : {1, 4}) {
    schedule.add_order(order(number));
    schedule.hear_outcome(number, Outcome::accepted);
    schedule.hear_outcome(number + 1, Outcome::accepted);
  }
  sent(schedule);
  schedule.reach_end();
  schedule.hear_stock(1, Stock::out);
  CHECK(sent(schedule).empty());
  schedule.hear_stock(4, Stock::out);
  CHECK(sent(schedule) == Numbers{3, 6});
}

TEST_CASE("A cancelled order is cancelled where the file says so, paid, and never shipped") {
  Schedule schedule{100};
  schedule.add_order(cancelled_order(1, 9));
  schedule.hear_stock(1, Stock::allocated);
  schedule.hear_outcome(1, Outcome::accepted);
  CHECK(sent(schedule) == Numbers{1, 2});
  schedule.reach_cancellation(1);
  CHECK(sent(schedule).empty());  // not before it is paid
  schedule.hear_outcome(2, Outcome::accepted);
  CHECK(sent(schedule) == Numbers{9});
  schedule.hear_outcome(9, Outcome::accepted);
  schedule.reach_end();
  CHECK(schedule.is_finished());
}

TEST_CASE("A cancellation waits for nobody's stock") {
  Schedule schedule{100};
  schedule.add_order(cancelled_order(1, 9));
  schedule.hear_outcome(1, Outcome::accepted);
  schedule.hear_outcome(2, Outcome::accepted);
  schedule.reach_cancellation(1);
  CHECK(sent(schedule) == Numbers{1, 2, 9});
}

TEST_CASE("What follows a refused command is not sent") {
  Schedule schedule{100};
  schedule.add_order(order(1));
  schedule.add_order(cancelled_order(4, 9));
  schedule.hear_outcome(1, Outcome::rejected);
  CHECK(not_sent(schedule) == Numbers{2, 3});
  schedule.hear_outcome(4, Outcome::accepted);
  schedule.hear_outcome(5, Outcome::dead_lettered);
  CHECK(not_sent(schedule) == Numbers{9});
  schedule.reach_cancellation(4);
  schedule.reach_end();
  CHECK(sent(schedule) == Numbers{1, 4, 5});
  CHECK(schedule.is_finished());
}

TEST_CASE("The window counts what has no answer, and lines of which nobody knows whether there is stock") {
  Schedule schedule{10};
  schedule.add_order(order(1, 8));
  CHECK(schedule.has_room());  // 1 + 8
  schedule.add_order(order(4, 1'000));
  CHECK_FALSE(schedule.has_room());
  schedule.hear_stock(4, Stock::out);
  CHECK_FALSE(schedule.has_room());  // 2 + 8
  schedule.hear_stock(1, Stock::out);
  CHECK(schedule.has_room());
  schedule.add_order(order(7, 1'000));
  schedule.hear_outcome(7, Outcome::rejected);
  CHECK(schedule.has_room());
  schedule.add_order(cancelled_order(10, 20));
  CHECK(schedule.has_room());
}

TEST_CASE("A resumed order goes on with what has no outcome yet") {
  Schedule schedule{100};
  auto paid = order(1);
  paid.outcomes = {Outcome::accepted, Outcome::accepted, Outcome::none};
  paid.stock = Stock::allocated;
  auto refused = order(4);
  refused.outcomes = {Outcome::rejected, Outcome::none, Outcome::none};
  auto shipped = order(7);
  shipped.outcomes = {Outcome::accepted, Outcome::accepted, Outcome::rejected};
  for (const auto& each : {paid, refused, shipped}) schedule.add_order(each);
  CHECK(sent(schedule) == Numbers{3});
  CHECK(not_sent(schedule) == Numbers{5, 6});
  schedule.reach_end();
  schedule.hear_outcome(3, Outcome::accepted);
  CHECK(schedule.is_finished());
}

TEST_CASE("Nothing planned is finished at once") {
  Schedule schedule{1};
  schedule.reach_end();
  CHECK(schedule.is_finished());
}

// Whatever is answered in whatever order: each command once at most, in its order's sequence, and all come to an end.
TEST_CASE("Any interleaving of answers and stock comes to an end with every command sent once or left out") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random{seed};
    const auto one_in = [&](int n) { return std::uniform_int_distribution{1, n}(random) == 1; };
    Schedule schedule{std::uniform_int_distribution{1, 40}(random)};
    std::set<std::int64_t> done, pending, stockless;
    std::vector<PlannedOrder> plan;
    for (std::int64_t n = 0; n < 50; ++n) {
      plan.push_back(one_in(4) ? cancelled_order(1 + 10 * n, 5 + 10 * n) : order(1 + 10 * n, 1 + n % 7));
    }
    std::size_t opened = 0, reached = 0;
    for (int turn = 0; turn < 100'000 && !schedule.is_finished(); ++turn) {
      while (opened < plan.size() && schedule.has_room()) {
        schedule.add_order(plan[opened]);
        stockless.insert(plan[opened++].number);
        if (opened >= 5 && one_in(2)) schedule.reach_cancellation(plan[reached++].number);
      }
      if (opened == plan.size()) {
        while (reached < plan.size()) schedule.reach_cancellation(plan[reached++].number);
        schedule.reach_end();
      }
      for (const auto number : sent(schedule)) REQUIRE((done.insert(number).second && pending.insert(number).second));
      for (const auto number : not_sent(schedule)) REQUIRE(done.insert(number).second);
      if (!pending.empty() && one_in(2)) {
        auto at = std::next(pending.begin(),
                            std::uniform_int_distribution<std::ptrdiff_t>{0, std::ssize(pending) - 1}(random));
        schedule.hear_outcome(*at, one_in(10) ? Outcome::rejected : Outcome::accepted);
        pending.erase(at);
      }
      if (!stockless.empty() && one_in(2)) {
        schedule.hear_stock(*stockless.begin(), one_in(3) ? Stock::out : Stock::allocated);
        stockless.erase(stockless.begin());
      }
    }
    INFO("seed " << seed);
    REQUIRE(schedule.is_finished());
    CHECK(done.size() == 3 * plan.size());
    CHECK(schedule.unanswered() == 0);
  }
}
