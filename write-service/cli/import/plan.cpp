#include "cli/import/plan.h"

#include <stdexcept>

#include "cli/import/planned_invoice.h"
#include "cli/text.h"

namespace orderly::cli::importing {
namespace {

constexpr std::int64_t lines_between_calls = 10'000;

constexpr const char* temporary_tables = R"sql(
  CREATE TEMP TABLE parsed(
    first INTEGER, line INTEGER,  -- first: the line on which the invoice begins
    invoice TEXT, is_cancellation INTEGER, code TEXT, quantity INTEGER, price_pence INTEGER, created_at_s INTEGER,
    customer TEXT, PRIMARY KEY(first, line)) WITHOUT ROWID;
  CREATE TEMP TABLE invoices(invoice TEXT PRIMARY KEY, first INTEGER) WITHOUT ROWID;
  CREATE TEMP TABLE demand(code TEXT PRIMARY KEY, total INTEGER, largest INTEGER) WITHOUT ROWID;
  CREATE TEMP TABLE cancellable(customer TEXT, number INTEGER, day INTEGER, PRIMARY KEY(customer, number)) WITHOUT ROWID;
)sql";
constexpr const char* drop_temporary_tables =
    "DROP TABLE temp.parsed; DROP TABLE temp.invoices; DROP TABLE temp.demand; DROP TABLE temp.cancellable";

// The file into `parsed`, and what is no good line into `lines`.
class Reading {
 public:
  explicit Reading(sqlite::Database& db)
      : known_(db, "SELECT first FROM invoices WHERE invoice = ?1"),
        remember_(db, "INSERT INTO invoices VALUES (?1, ?2)"),
        good_(db, "INSERT INTO parsed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
        bad_(db, "INSERT INTO lines(line, reason, detail) VALUES (?1, ?2, ?3)") {}

  void run(CsvReader& reader, const std::function<void(std::int64_t)>& on_line) {
    CsvRecord record;
    if (!reader.next(record) || !is_header(record))
      throw std::runtime_error{"the first line is not the shop's header, " + std::string{header_line}};
    for (std::int64_t count = 1; reader.next(record); ++count) {
      take(record);
      if (count % lines_between_calls == 0) on_line(count);
    }
  }

 private:
  void take(const CsvRecord& record) {
    const auto line = read_line(record);
    if (!line) return bad_.run(record.line, line.error().reason, line.error().detail);
    good_.run(first_line(line->invoice, record.line), record.line, line->invoice, line->is_cancellation, line->code,
              line->quantity, line->price_pence, line->created_at_s, line->customer);
  }

  std::int64_t first_line(const std::string& invoice, std::int64_t line) {
    if (invoice == last_invoice_) return last_first_;
    last_invoice_ = invoice;
    last_first_ = line;
    if (known_.bind(invoice).step()) {
      last_first_ = known_.integer(0);
    } else {
      remember_.run(invoice, line);
    }
    known_.reset();
    return last_first_;
  }

  sqlite::Statement known_, remember_, good_, bad_;
  std::string last_invoice_;
  std::int64_t last_first_ = 0;
};

// Every invoice in the order in which the file begins them.
void plan_invoices(State& state, const PlanRules& rules) {
  sqlite::Statement all{state.database(),
                        "SELECT first, line, invoice, is_cancellation, code, quantity, price_pence, created_at_s, "
                        "customer FROM parsed ORDER BY first, line"};
  InvoicePlanner planner{state.database(), rules};
  while (all.step()) {
    const InvoicePlanner::Line line{all.integer(0),
                                    all.integer(1),
                                    {std::string{all.text(2)}, all.integer(3) != 0, std::string{all.text(4)},
                                     all.integer(5), all.integer(7), all.integer(6), std::string{all.text(8)}}};
    planner.take(line);
  }
  planner.finish();
}

void plan_batches(State& state, const PlanRules& rules) {
  auto& db = state.database();
  const auto first_s = db.query_integer("SELECT min(created_at_s) FROM parsed WHERE NOT is_cancellation");
  const domain::Date first_day{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{first_s}})};
  std::int64_t number = -2 * db.query_integer("SELECT count(*) FROM demand");  // two a code at most, all below 0
  sqlite::Statement all{db, "SELECT code, total, largest FROM demand ORDER BY code"};
  CommandWriter commands{db, rules.run_id};
  for (std::int64_t index = 0; all.step(); ++index) {
    const Demand demand{std::string{all.text(0)}, all.integer(1), all.integer(2)};
    for (const auto& batch : batches_of(demand, index, first_day, rules.stock)) {
      commands.create_batch(number++, demand.code, batch);
    }
  }
}

}  // namespace

void make_plan(CsvReader& reader, const PlanRules& rules, const Identity& identity, State& state,
               const std::function<void(std::int64_t)>& on_line) {
  state.in_transaction([&] {
    state.database().execute(temporary_tables);
    Reading{state.database()}.run(reader, on_line);
    plan_invoices(state, rules);
    plan_batches(state, rules);
    state.finish_plan(identity);
    state.database().execute(drop_temporary_tables);
  });
}

}  // namespace orderly::cli::importing
