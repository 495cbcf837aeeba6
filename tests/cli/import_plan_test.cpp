#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <sstream>

#include "allocation/v1/allocation.pb.h"
#include "cli/import/balance.h"
#include "cli/import/command_writer.h"
#include "cli/import/dry_run.h"
#include "cli/import/plan.h"
#include "ordering/v1/ordering.pb.h"

using namespace orderly::cli::importing;
using orderly::domain::Date;

namespace {

constexpr Date first_day{std::chrono::year{2010}, std::chrono::December, std::chrono::day{1}};

using Reported = std::map<std::int64_t, std::string>;

// A line of the file: invoice, code, quantity, price, customer, day of December.
std::string line(const std::string& invoice, const std::string& code, int quantity, const std::string& price = "1.50",
                 const std::string& customer = "7.0", int day = 1) {
  std::ostringstream text;
  text << invoice << ',' << code << ",\"A, B\"," << quantity << ",2010-12-" << (day < 10 ? "0" : "") << day
       << " 10:00:00," << price << ',' << customer << ",France\n";
  return text.str();
}

struct Planned {
  explicit Planned(const std::string& lines, const PlanRules& rules = {}) { plan(lines, rules); }

  void plan(const std::string& lines, const PlanRules& rules) {
    const std::string text = std::string{header_line} + "\n" + lines;
    std::size_t at = 0;
    CsvReader reader{[&](std::span<char> into) {
      const auto bytes = text.copy(into.data(), into.size(), at);
      at += bytes;
      return bytes;
    }};
    make_plan(reader, rules, {{"file", "a"}}, *state, [](std::int64_t) {});
  }

  template <class Message>
  std::vector<Message> all(Kind kind) {
    std::vector<Message> messages;
    orderly::sqlite::Statement select{state->database(),
                                      "SELECT payload FROM commands WHERE kind = ?1 ORDER BY number"};
    for (select.bind(kind); select.step();) {
      const auto bytes = select.blob(0);
      REQUIRE(messages.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    }
    return messages;
  }
  auto orders() { return all<ordering::v1::CreateOrder>(Kind::create_order); }
  auto payments() { return all<ordering::v1::PayOrder>(Kind::pay_order); }
  auto cancellations() { return all<ordering::v1::CancelOrder>(Kind::cancel_order); }
  auto batches() { return all<allocation::v1::CreateBatch>(Kind::create_batch); }

  std::vector<std::string> ids() {
    std::vector<std::string> ids;
    orderly::sqlite::Statement select{state->database(), "SELECT id FROM commands ORDER BY number"};
    while (select.step()) ids.emplace_back(select.text(0));
    return ids;
  }

  // By line number.
  Reported reported() {
    Reported reported;
    orderly::sqlite::Statement select{state->database(), "SELECT line, reason FROM lines WHERE reason IS NOT NULL"};
    while (select.step()) reported[select.integer(0)] = name_of(static_cast<Reason>(select.integer(1)));
    return reported;
  }

  TemporaryDirectory directory;
  std::optional<State> state{std::in_place, directory.path() / "state"};
};

}  // namespace

TEST_CASE("An invoice becomes an order that is paid in full and shipped") {
  Planned planned{line("536365", "LAMP", 6, "2.55") + line("536365", "MUG", 2, "3.39") +
                  line("536365", "LAMP", 1, "2.55")};
  REQUIRE(planned.orders().size() == 1);
  const auto order = planned.orders()[0];
  CHECK(order.order_id() == "536365");
  CHECK(order.customer_id() == "7");
  CHECK(order.created_at().seconds() == 1291197600);
  REQUIRE(order.items_size() == 2);
  CHECK(order.items(0).sku() == "LAMP");
  CHECK(order.items(0).quantity() == 7);
  CHECK(order.items(0).unit_price().minor_units() == 255);
  CHECK(order.items(1).unit_price().currency() == "GBP");
  CHECK(planned.payments()[0].amount().minor_units() == 7 * 255 + 2 * 339);
  CHECK(planned.reported().empty());
  CHECK(planned.ids() == std::vector<std::string>{"import-batch-LAMP-2010-12-01", "import-batch-MUG-2010-12-01",
                                                  "import-create-536365", "import-pay-536365", "import-ship-536365"});
}

TEST_CASE("An invoice whose lines stand apart is one order all the same, in the place of its first line") {
  Planned planned{line("1", "A", 1) + line("2", "Q", 1) + line("1", "C", 1)};
  REQUIRE(planned.orders().size() == 2);
  CHECK(planned.orders()[0].items_size() == 2);
  CHECK(planned.orders()[1].order_id() == "2");
}

TEST_CASE("A customer without a name is a guest of that one order") {
  Planned planned{line("1", "A", 1, "1", "") + line("2", "A", 1, "1", "")};
  CHECK(planned.orders()[0].customer_id() == "guest-1");
  CHECK(planned.orders()[1].customer_id() == "guest-2");
}

TEST_CASE("A run has ids of its own, and customers and codes are the same in all") {
  Planned planned{line("1", "A", 1, "1", "") + line("2", "A", 1), {.run_id = "r2"}};
  CHECK(planned.orders()[0].order_id() == "1-r2");
  CHECK(planned.orders()[0].customer_id() == "guest-1-r2");
  CHECK(planned.orders()[1].customer_id() == "7");
  CHECK(planned.batches()[0].batch_ref() == "A-2010-12-01-r2");
  CHECK(planned.batches()[0].sku() == "A");
  CHECK(planned.ids()[1] == "import-create-1-r2");
}

TEST_CASE("A command's id is readable where it can be, and always the same") {
  CHECK(command_id("create", "536365", "") == "import-create-536365");
  const auto derived = command_id("batch", "CODE WITH SPACES-2010-12-01", "");
  CHECK(derived.size() == 36);
  CHECK(derived == command_id("batch", "CODE WITH SPACES-2010-12-01", ""));
  CHECK(derived != command_id("batch", "CODE WITH SPACES-2010-12-01", "r2"));
  CHECK(command_id("batch", std::string(60, 'x'), "").size() == 36);
}

TEST_CASE("Lines that do not fit into their invoice are reported, and the others are an order") {
  Planned planned{line("1", "A", 1, "1.50") + line("1", "A", 1, "1.51") + line("1", "Q", 1, "1", "8.0") +
                  line("1", "C", 2'147'483'647) + line("1", "C", 1) + line("1", "E", 1, "0.0") + "1,F\n"};
  CHECK(planned.reported() ==
        Reported{{4, "OTHER_CUSTOMER"}, {6, "QUANTITY_TOO_LARGE"}, {7, "PRICE_NOT_POSITIVE"}, {8, "COLUMNS"}});
  REQUIRE(planned.orders().size() == 1);
  CHECK(planned.orders()[0].items_size() == 3);  // A at two prices, C
}

TEST_CASE("An invoice without a good line makes no command") {
  Planned planned{line("1", "POST", 1) + line("2", "A", 0) + line("2", "A", -1)};
  CHECK(planned.ids().empty());
  CHECK(planned.reported().size() == 3);
}

TEST_CASE("An order holds at most 1000 codes, however many lines") {
  std::string fits, too_many;
  for (int code = 0; code < 1'000; ++code) fits += line("1", "K" + std::to_string(code), 1);
  for (int code = 0; code <= 1'000; ++code) too_many += line("2", "K" + std::to_string(code), 1);
  Planned planned{fits + line("1", "K7", 5) + too_many + line("2", "K7", 5)};
  CHECK(planned.orders().size() == 1);
  const auto reported = planned.reported();
  CHECK(std::ranges::count_if(reported, [](const auto& each) { return each.second == "TOO_MANY_CODES"; }) == 1'002);
}

TEST_CASE("A total that no 64 bits hold is reported, line by line") {
  std::string lines;
  for (int code = 0; code < 60; ++code)
    lines += line("1", "K" + std::to_string(code), 2'000'000'000, "999999999999.99");
  Planned planned{lines};
  CHECK(planned.orders().empty());
  CHECK(planned.reported().size() == 60);
  CHECK(planned.reported()[2] == "TOTAL_TOO_LARGE");
}

TEST_CASE("A cancellation takes back the latest order of its customer that holds all of it, and that is not shipped") {
  Planned planned{line("1", "A", 5) + line("2", "A", 5) + line("3", "A", 5, "1", "8.0") + line("4", "A", 1) +
                  line("C5", "A", -2) + line("C5", "A", -1) + line("C6", "A", -5) + line("C7", "A", -5)};
  REQUIRE(planned.cancellations().size() == 2);
  CHECK(planned.cancellations()[0].order_id() == "2");
  CHECK(planned.cancellations()[0].reason() == "cancelled by C5");
  CHECK(planned.cancellations()[1].order_id() == "1");
  CHECK(planned.reported() == Reported{{9, "NOTHING_TO_CANCEL"}});
  const auto ids = planned.ids();
  CHECK(std::ranges::count(ids, "import-ship-1") == 0);
  CHECK(std::ranges::count(ids, "import-ship-4") == 1);
}

TEST_CASE("A cancellation needs a customer, every code in its quantity, an order before it, and not too old") {
  Planned planned{line("C0", "A", -1) + line("1", "A", 5, "1", "7.0", 2) + line("2", "Q", 5, "1", "", 2) +
                  line("C3", "A", -6, "1", "7.0", 2) + line("C4", "A", -1, "1", "7.0", 2) +
                  line("C4", "Q", -1, "1", "7.0", 2) + line("C5", "Q", -1, "1", "", 2) +
                  line("C6", "A", -1, "1", "7.0", 10)};
  CHECK(planned.cancellations().empty());
  CHECK(planned.reported() == Reported{{2, "NOTHING_TO_CANCEL"},
                                       {5, "NOTHING_TO_CANCEL"},
                                       {6, "NOTHING_TO_CANCEL"},
                                       {7, "NOTHING_TO_CANCEL"},
                                       {8, "NO_CUSTOMER"},
                                       {9, "NOTHING_TO_CANCEL"}});
  Planned in_time{line("1", "A", 5, "1", "7.0", 2) + line("C6", "A", -1, "1", "7.0", 9)};
  CHECK(in_time.cancellations().size() == 1);
  Planned strict{line("1", "A", 5, "1", "7.0", 2) + line("C6", "A", -1, "1", "7.0", 3), {.cancel_within_days = 0}};
  CHECK(strict.cancellations().empty());
}

TEST_CASE("Stock is made for what the orders ask for, and comes before them") {
  Planned planned{line("1", "A", 10) + line("2", "A", 10) + line("1", "Q", 3), {.stock = {.scarce_every = 0}}};
  const auto batches = planned.batches();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].quantity() == 12);
  CHECK(batches[0].eta().empty());
  CHECK(batches[1].batch_ref() == "A-2010-12-08");
  CHECK(batches[1].quantity() == 8 + 10);
  CHECK(batches[1].eta() == "2010-12-08");
  CHECK(batches[2].sku() == "Q");
  const auto first = planned.state->step_after(std::numeric_limits<std::int64_t>::min());
  REQUIRE(first);
  CHECK(first->kind == Kind::create_batch);
}

TEST_CASE("Every so many codes have too little stock") {
  const StockRules rules{.scarce_every = 2, .scarce_percent = 85};
  CHECK(batches_of({"A", 100, 50}, 0, first_day, rules) == std::vector<Batch>{{"A-2010-12-01", 85, ""}});
  CHECK(batches_of({"A", 1, 1}, 2, first_day, rules) == std::vector<Batch>{{"A-2010-12-01", 1, ""}});
  CHECK(batches_of({"A", 12, 5}, 1, first_day, rules) == std::vector<Batch>{{"A-2010-12-01", 12, ""}});
  CHECK(batches_of({"A", 13, 5}, 1, first_day, rules) ==
        std::vector<Batch>{{"A-2010-12-01", 7, ""}, {"A-2010-12-08", 11, "2010-12-08"}});
  const auto huge = batches_of({"A", 9'000'000'000'000'000'000, 7}, 0, first_day, rules);
  CHECK(huge[0].quantity == orderly::domain::max_quantity);
}

TEST_CASE("Each line is in one command, or has one reason, and the account says so before anything was sent") {
  Planned planned{line("1", "A", 1) + line("1", "POST", 1) + line("C2", "A", -1) + "garbage\n\"\n" + line("3", "Q", 1)};
  const auto balance = balance_of(*planned.state);
  CHECK(balance.lines_read == 6);
  CHECK(balance.lines.unanswered == 3);
  CHECK(balance.reported == std::map<std::string, std::int64_t>{{"COLUMNS", 1}, {"NOT_CSV", 1}, {"NOT_GOODS", 1}});
  CHECK(balance.commands[static_cast<std::size_t>(Kind::ship_order)].all() == 1);
  CHECK_FALSE(balance.is_complete());
}

TEST_CASE("The same file gives the same plan") {
  const auto text = line("1", "A", 3) + line("C2", "A", -1) + line("3", "CODE WITH SPACES", 70);
  Planned one{text}, other{text};
  CHECK(one.ids() == other.ids());
  CHECK(one.orders()[1].SerializeAsString() == other.orders()[1].SerializeAsString());
}

TEST_CASE("A file without the shop's header is refused, and leaves nothing") {
  Planned planned{line("1", "A", 1)};
  const TemporaryDirectory directory;
  State empty{directory.path() / "state"};
  CsvReader reader{[text = std::string{"a,b\n1,2\n"}](std::span<char> into) mutable {
    const auto bytes = text.copy(into.data(), into.size());
    text.erase(0, bytes);
    return bytes;
  }};
  CHECK_THROWS_WITH(make_plan(reader, {}, {{"file", "a"}}, empty, [](std::int64_t) {}), Catch::Contains("header"));
  CHECK_FALSE(empty.is_planned());
  CHECK(balance_of(empty).lines_read == 0);
}
