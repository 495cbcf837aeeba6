// The second pass of a plan: the good lines come invoice by invoice, and each invoice becomes an order, a cancellation
// or a reason (plan.h has the rules). Threads: one. Failures: sqlite::Error.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/import/command_writer.h"
#include "cli/import/order_line.h"
#include "cli/import/plan.h"

namespace orderly::cli::importing {

class InvoicePlanner {
 public:
  // Needs the temporary tables of the plan.
  InvoicePlanner(sqlite::Database& db, const PlanRules& rules);

  struct Line {
    std::int64_t first = 0, number = 0;  // on which line its invoice begins, and its own
    OrderLine line;
  };
  void take(const Line& line);
  void finish();

 private:
  struct Item {
    std::string code;
    std::int64_t quantity = 0, price_pence = 0;
  };
  struct Invoice {
    Line head;
    std::vector<Item> items;  // one a code and price, in the order of first mention
    std::map<std::pair<std::string, std::int64_t>, std::size_t> by_price;
    std::map<std::string, std::int64_t, std::less<>> quantities;  // by code
  };
  std::optional<Reason> add(const OrderLine& line);
  std::optional<Reason> check_whole() const;
  void plan_order();
  void plan_cancellation();
  std::optional<std::int64_t> find_order_to_cancel();
  bool holds_all(std::int64_t order);
  void settle_lines(std::optional<std::int64_t> command, std::optional<Reason> reason);
  std::int64_t day() const { return invoice_->head.line.created_at_s / 86'400; }

  const PlanRules& rules_;
  CommandWriter commands_;
  sqlite::Statement complain_, settle_, demand_, may_be_cancelled_, candidates_, cancelled_, message_;
  std::optional<Invoice> invoice_;
  ordering::v1::CreateOrder order_;  // the last one that was looked at
  std::int64_t next_number_ = 1;
};

}  // namespace orderly::cli::importing
