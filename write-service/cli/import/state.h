// An import's memory on disk: the whole plan, and what has come of each command so far. One SQLite file of some half of
// the CSV's size, so that memory does not grow with it. What is recorded stays, wherever the process is killed; a state
// whose plan was not finished is empty. Threads: one. Failures: sqlite::Error; std::runtime_error when another process
// uses it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/import/order_line.h"
#include "cli/import/schedule.h"
#include "common/file_lock/file_lock.h"
#include "common/kafka/message.h"
#include "common/sqlite/database.h"

namespace orderly::cli::importing {

// Stored as numbers: add at the end only.
enum class Kind { create_batch, create_order, pay_order, ship_order, cancel_order };
inline constexpr std::size_t kinds = 5;
std::string_view type_name(Kind kind);  // ordering.v1.CreateOrder

struct PlannedCommand {
  std::int64_t number = 0;  // batches' are below 0, so that they come first; then the order of the file
  Kind kind{};
  std::int64_t order = 0;  // number of its order, 0 for a batch
  std::string id, payload;
};

// What the plan was made of. A state serves no other import.
using Identity = std::map<std::string, std::string>;

class State {
 public:
  explicit State(const std::filesystem::path& file);

  sqlite::Database& database() { return database_; }

  bool is_planned();
  Identity identity();
  void finish_plan(const Identity& identity);  // as a part of the plan's transaction

  // Of the plan's steps that start something (batches, CreateOrder, CancelOrder) the first one behind that number.
  struct Step {
    std::int64_t number = 0;
    Kind kind{};
    std::int64_t order = 0;
  };
  std::optional<Step> step_after(std::int64_t number);
  PlannedOrder order(std::int64_t number);
  PlannedCommand command(std::int64_t number);
  Outcome outcome(std::int64_t command);

  // Together or not at all: what `record` calls on this object.
  void in_transaction(const std::function<void()>& record);
  void record_outcome(std::int64_t command, Outcome outcome, std::string_view code);
  std::optional<std::int64_t> record_stock(std::string_view order_id, Stock stock);  // its number, if it changed
  void record_position(const kafka::Position& position);
  std::optional<std::int64_t> position(std::string_view topic, std::int32_t partition);

 private:
  FileLock lock_;
  sqlite::Database database_;
  struct Statements {
    explicit Statements(sqlite::Database& db);
    sqlite::Statement step_after, order, command, outcome, record_outcome, record_stock, record_position, position;
  };
  std::optional<Statements> statements_;
};

}  // namespace orderly::cli::importing
