// Writes the plan's commands into a state: their messages, and ids that are the same whenever the same thing is planned
// again. Threads: one. Failures: sqlite::Error.
#pragma once

#include <string>
#include <string_view>

#include "cli/import/state.h"
#include "cli/import/stock.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::cli::importing {

// import-create-536365, with -RUN behind it for a run; derived from that where it could not be a command's id.
std::string command_id(std::string_view verb, std::string_view subject, std::string_view run_id);

class CommandWriter {
 public:
  CommandWriter(sqlite::Database& db, std::string run_id);

  // What makes an order id or a batch reference one of this run.
  std::string of_run(std::string_view name) const;

  void create_batch(std::int64_t number, const std::string& code, const Batch& batch);
  // Three commands: number, number + 1, number + 2.
  void order(std::int64_t number, const std::string& invoice, const ordering::v1::CreateOrder& order,
             const ordering::v1::Money& total);
  // In place of the order's ShipOrder.
  void cancellation(std::int64_t number, const std::string& invoice, std::int64_t order, const std::string& order_id);

 private:
  void write(std::int64_t number, Kind kind, std::int64_t order, const std::string& id,
             const google::protobuf::Message& message);

  std::string run_id_;
  sqlite::Statement command_, order_, cancel_, remove_;
};

}  // namespace orderly::cli::importing
