#include "cli/import/state.h"

#include <array>
#include <limits>

namespace orderly::cli::importing {
namespace {

constexpr const char* schema = R"sql(
  PRAGMA cache_size = -16384;
  PRAGMA synchronous = NORMAL;  -- what a power cut takes is sent again, with the same effect
  PRAGMA temp_store = FILE;     -- the plan is made in a temporary table as large as the file
  CREATE TABLE IF NOT EXISTS identity(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lines(
    line INTEGER PRIMARY KEY,
    command INTEGER,   -- the CreateOrder or CancelOrder that holds it, or
    reason INTEGER,    -- why there is none
    detail TEXT,
    CHECK ((command IS NULL) <> (reason IS NULL)));
  CREATE TABLE IF NOT EXISTS orders(
    number INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    lines INTEGER NOT NULL,
    cancelled_by INTEGER,  -- the CancelOrder; none: a ShipOrder follows its PayOrder
    stock INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS commands(
    number INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    order_number INTEGER,
    id TEXT NOT NULL,
    payload BLOB NOT NULL,
    outcome INTEGER NOT NULL DEFAULT 0,
    code TEXT);
  CREATE TABLE IF NOT EXISTS positions(
    topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY(topic, partition)) WITHOUT ROWID;
)sql";

}  // namespace

std::string_view type_name(Kind kind) {
  constexpr std::array<std::string_view, kinds> names{"allocation.v1.CreateBatch", "ordering.v1.CreateOrder",
                                                      "ordering.v1.PayOrder", "ordering.v1.ShipOrder",
                                                      "ordering.v1.CancelOrder"};
  return names.at(static_cast<std::size_t>(kind));
}

State::State(const std::filesystem::path& file)
    : lock_(std::filesystem::absolute(file.string() + ".lock")), database_(file, sqlite::OpenMode::read_write) {
  database_.execute(schema);
  statements_.emplace(database_);
}

State::Statements::Statements(sqlite::Database& db)
    : step_after(db,
                 "SELECT number, kind, order_number FROM commands WHERE number > ?1 AND kind IN (0, 1, 4) "
                 "ORDER BY number LIMIT 1"),
      order(db, "SELECT lines, cancelled_by, stock FROM orders WHERE number = ?1"),
      command(db, "SELECT kind, order_number, id, payload FROM commands WHERE number = ?1"),
      outcome(db, "SELECT outcome FROM commands WHERE number = ?1"),
      record_outcome(db, "UPDATE commands SET outcome = ?2, code = ?3 WHERE number = ?1"),
      record_stock(db, "UPDATE orders SET stock = ?2 WHERE order_id = ?1 AND stock < ?2 RETURNING number"),
      record_position(
          db, "INSERT INTO positions VALUES (?1, ?2, ?3) ON CONFLICT(topic, partition) DO UPDATE SET next = ?3"),
      position(db, "SELECT next FROM positions WHERE topic = ?1 AND partition = ?2") {}

bool State::is_planned() { return database_.query_integer("SELECT count(*) FROM identity") > 0; }

Identity State::identity() {
  Identity identity;
  sqlite::Statement all{database_, "SELECT name, value FROM identity"};
  while (all.step()) identity.emplace(all.text(0), all.text(1));
  return identity;
}

void State::finish_plan(const Identity& identity) {
  sqlite::Statement insert{database_, "INSERT INTO identity VALUES (?1, ?2)"};
  for (const auto& [name, value] : identity) insert.run(name, value);
}

std::optional<State::Step> State::step_after(std::int64_t number) {
  auto& select = statements_->step_after.bind(number);
  if (!select.step()) return std::nullopt;
  const Step step{select.integer(0), static_cast<Kind>(select.integer(1)), select.integer(2)};
  select.reset();
  return step;
}

Outcome State::outcome(std::int64_t command) {
  auto& select = statements_->outcome.bind(command);
  if (!select.step()) throw std::logic_error{"the plan has no command " + std::to_string(command)};
  const auto outcome = static_cast<Outcome>(select.integer(0));
  select.reset();
  return outcome;
}

PlannedOrder State::order(std::int64_t number) {
  auto& select = statements_->order.bind(number);
  if (!select.step()) throw std::logic_error{"the plan has no order " + std::to_string(number)};
  PlannedOrder order;
  order.number = number;
  order.lines = select.integer(0);
  order.is_cancelled = !select.is_null(1);
  order.steps = {number, number + 1, order.is_cancelled ? select.integer(1) : number + 2};
  order.stock = static_cast<Stock>(select.integer(2));
  select.reset();
  for (std::size_t i = 0; i < order.steps.size(); ++i) order.outcomes.at(i) = outcome(order.steps.at(i));
  return order;
}

PlannedCommand State::command(std::int64_t number) {
  auto& select = statements_->command.bind(number);
  if (!select.step()) throw std::logic_error{"the plan has no command " + std::to_string(number)};
  PlannedCommand command{number, static_cast<Kind>(select.integer(0)), select.integer(1), std::string{select.text(2)},
                         std::string{select.blob(3)}};
  select.reset();
  return command;
}

void State::in_transaction(const std::function<void()>& record) {
  sqlite::Transaction transaction{database_};
  record();
  transaction.commit();
}

void State::record_outcome(std::int64_t command, Outcome outcome, std::string_view code) {
  statements_->record_outcome.run(command, outcome, code);
}

std::optional<std::int64_t> State::record_stock(std::string_view order_id, Stock stock) {
  auto& update = statements_->record_stock.bind(order_id, stock);
  if (!update.step()) return std::nullopt;
  const auto number = update.integer(0);
  update.reset();
  return number;
}

void State::record_position(const kafka::Position& position) {
  statements_->record_position.run(position.topic, position.partition, position.offset);
}

std::optional<std::int64_t> State::position(std::string_view topic, std::int32_t partition) {
  auto& select = statements_->position.bind(topic, partition);
  if (!select.step()) return std::nullopt;
  const auto next = select.integer(0);
  select.reset();
  return next;
}

}  // namespace orderly::cli::importing
