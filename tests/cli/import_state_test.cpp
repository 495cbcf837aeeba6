#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <limits>
#include <sstream>

#include "cli/import/balance.h"
#include "cli/import/dry_run.h"
#include "cli/import/plan.h"

using namespace orderly::cli::importing;

namespace {

constexpr std::string_view orders =
    "536365,LAMP,,6,2010-12-01 08:26:00,2.55,7.0,France\n"
    "536365,MUG,,6,2010-12-01 08:26:00,2.55,7.0,France\n"
    "536366,LAMP,,6,2010-12-01 08:26:00,2.55,7.0,France\n"
    "536366,POST,,1,2010-12-01 08:26:00,2.55,7.0,France\n"
    "C536367,LAMP,,-6,2010-12-01 08:26:00,2.55,7.0,France\n";

void plan(
    State& state, const std::function<void()>& while_reading = [] {}) {
  const std::string text = std::string{header_line} + "\n" + std::string{orders};
  std::size_t at = 0;
  CsvReader reader{[&](std::span<char> into) {
    if (at > 0) while_reading();
    const auto bytes = text.copy(into.data(), into.size(), at);
    at += bytes;
    return bytes;
  }};
  make_plan(reader, {}, {{"file", "a"}}, state, [](std::int64_t) {});
}

// What a process does that is killed as `kill -9` does, in the middle of it.
void in_killed_process(const std::function<void()>& run) {
  const auto child = fork();
  if (child == 0) {
    run();
    std::raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("A plan that was killed is none, and is made anew") {
  const TemporaryDirectory directory;
  in_killed_process([&] {
    State state{directory.path() / "state"};
    plan(state, [] { std::raise(SIGKILL); });
  });
  State state{directory.path() / "state"};
  CHECK_FALSE(state.is_planned());
  plan(state);
  CHECK(state.is_planned());
  CHECK(state.identity() == Identity{{"file", "a"}});
}

TEST_CASE("What was recorded is there after a kill, and what was not is not") {
  const TemporaryDirectory directory;
  in_killed_process([&] {
    State state{directory.path() / "state"};
    plan(state);
    state.in_transaction([&] {
      state.record_outcome(1, Outcome::accepted, "");
      state.record_stock("536365", Stock::out);
      state.record_position({"ordering.events", 2, 17});
    });
    state.in_transaction([&] {
      state.record_outcome(2, Outcome::accepted, "");
      std::raise(SIGKILL);
    });
  });
  State state{directory.path() / "state"};
  CHECK(state.outcome(1) == Outcome::accepted);
  CHECK(state.outcome(2) == Outcome::none);
  CHECK(state.position("ordering.events", 2) == 17);
  CHECK_FALSE(state.position("ordering.events", 1));
  const auto order = state.order(1);
  CHECK(order.lines == 2);
  CHECK(order.stock == Stock::out);
  CHECK(order.outcomes == std::array{Outcome::accepted, Outcome::none, Outcome::none});
  CHECK(order.steps == std::array<std::int64_t, 3>{1, 2, 3});
}

TEST_CASE("A plan's steps come in order: batches, then orders and cancellations as the file has them") {
  const TemporaryDirectory directory;
  State state{directory.path() / "state"};
  plan(state);
  std::vector<Kind> kinds;
  auto step = state.step_after(std::numeric_limits<std::int64_t>::min());
  for (; step; step = state.step_after(step->number)) {
    kinds.push_back(step->kind);
    if (step->kind == Kind::cancel_order) {
      CHECK(state.order(step->order).is_cancelled);
      CHECK(state.order(step->order).steps[2] == step->number);
      CHECK(state.command(step->number).id == "import-cancel-C536367");
    }
  }
  CHECK(kinds == std::vector<Kind>{Kind::create_batch, Kind::create_batch, Kind::create_order, Kind::create_order,
                                   Kind::cancel_order});
}

TEST_CASE("News of an order's stock is told once, and never goes back") {
  const TemporaryDirectory directory;
  State state{directory.path() / "state"};
  plan(state);
  CHECK(state.record_stock("536365", Stock::out) == 1);
  CHECK_FALSE(state.record_stock("536365", Stock::out));
  CHECK(state.record_stock("536365", Stock::allocated) == 1);
  CHECK_FALSE(state.record_stock("536365", Stock::out));
  CHECK_FALSE(state.record_stock("somebody else's", Stock::out));
}

TEST_CASE("One process uses a state at a time") {
  const TemporaryDirectory directory;
  const State first{directory.path() / "state"};
  CHECK_THROWS_WITH(State{directory.path() / "state"}, Catch::Contains("another process holds"));
}

TEST_CASE("The account counts each line by what became of its command") {
  const TemporaryDirectory directory;
  State state{directory.path() / "state"};
  plan(state);
  state.in_transaction([&] {
    for (const auto batch : {-4, -3}) state.record_outcome(batch, Outcome::accepted, "");
    state.record_outcome(1, Outcome::rejected, "ORDER_EXISTS");
    for (const auto skipped : {2, 3}) state.record_outcome(skipped, Outcome::not_sent, "");
    for (const auto accepted : {4, 5, 7}) state.record_outcome(accepted, Outcome::accepted, "");
  });
  const auto balance = balance_of(state);
  CHECK(balance.is_complete());
  CHECK(balance.lines_read == 5);
  CHECK(balance.lines.accepted == 2);
  CHECK(balance.lines.rejected == std::map<std::string, std::int64_t>{{"ORDER_EXISTS", 2}});
  CHECK(balance.reported == std::map<std::string, std::int64_t>{{"NOT_GOODS", 1}});

  std::ostringstream out, err;
  const orderly::cli::Console console{out, err, {}, {}};
  print(balance, false, console);
  CHECK(out.str() ==
        "lines read                 5\n"
        "  accepted                 2\n"
        "  rejected                 2\n"
        "    ORDER_EXISTS           2\n"
        "  reported, in no command  1\n"
        "    NOT_GOODS              1\n"
        "\n"
        "commands     planned  accepted  not sent  not answered  dead-lettered  rejected\n"
        "CreateBatch        2         2         0             0              0  0\n"
        "CreateOrder        2         1         0             0              0  1  ORDER_EXISTS\n"
        "PayOrder           2         1         1             0              0  0\n"
        "ShipOrder          1         0         1             0              0  0\n"
        "CancelOrder        1         1         0             0              0  0\n");

  write_reported(state, directory.path() / "reported");
  CHECK(text_of(directory.path() / "reported") ==
        "line 2: REJECTED ORDER_EXISTS: import-create-536365\n"
        "line 3: REJECTED ORDER_EXISTS: import-create-536365\n"
        "line 5: NOT_GOODS: POST\n");
}
