// `orderly import`: its options, and its three parts: plan, run, balance.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <ostream>

#include "cli/import/balance.h"
#include "cli/import/dry_run.h"
#include "cli/import/input_file.h"
#include "cli/import/plan.h"
#include "cli/import/runner.h"
#include "cli/subcommands.h"
#include "common/kafka/admin.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

using namespace importing;

constexpr int not_complete = 3;

constexpr const char* purpose =
    "sends a shop's orders as commands\n\n"
    "usage: orderly import orders.csv[.xz] --brokers HOST:PORT\n\n"
    "The file has the columns InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country. "
    "Stock\n"
    "comes first (CreateBatch), so much that some codes run out; then each invoice is created, paid, and shipped once "
    "all of\n"
    "it is allocated. An invoice that begins with C cancels the order that it takes back, where that is found. A line "
    "that\n"
    "makes no command is reported with its number and the reason. Killed at any moment and started again, it goes on "
    "where\n"
    "it was, and nothing happens twice. Ends with 0 when every command was answered, 3 when some were not (then start "
    "it\n"
    "again), 1 when it could not go on.\n";

struct ImportOptions {
  BrokerOptions broker;
  OutputOptions output;
  RunOptions run;
  PlanRules rules;
  std::string file, state, reported;
  double wait_seconds = 0;
  bool dry_run = false;
};

void check(const ImportOptions& options) {
  const auto& [run_id, cancel_within_days, stock] = options.rules;
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  const auto require = [](bool ok, const char* what) {
    if (!ok) throw options::OptionError{what};
  };
  require(!options.file.empty(), "a file is missing: orderly import orders.csv");
  require(options.dry_run || !options.broker.brokers.empty(), "the option '--brokers' is required but missing");
  require(run_id.size() <= 20 && std::ranges::all_of(run_id, is_word),
          "--run-id: at most 20 letters, digits, '_', '.' or '-' wanted");
  require(options.wait_seconds > 0 && options.wait_seconds <= 86'400,
          "--wait: more than 0 and at most 86400 seconds wanted");
  require(options.run.rate >= 0 && options.run.rate <= 1e9, "--rate: a positive number wanted");
  require(options.run.in_flight >= 1 && options.run.in_flight <= 1'000'000, "--in-flight: 1 to 1000000 wanted");
  require(cancel_within_days >= 0 && cancel_within_days <= 36'500, "--cancel-within: 0 to 36500 days wanted");
  require(stock.scarce_every >= 0, "--scarce-every: 0 or more wanted");
  require(stock.scarce_percent >= 1 && stock.scarce_percent <= 100, "--scarce-stock: 1 to 100 percent wanted");
}

void add_to(options::Parser& parser, ImportOptions& options) {
  auto& [run_id, cancel_within_days, stock] = options.rules;
  options.broker.add_to(parser, BrokerOptions::Brokers::may_be_left_out);
  options.run.signing.add_to(parser);
  parser.add()("file", po::value(&options.file)->value_name("FILE"),
               "the CSV file, plain or xz; --file itself is left out")(
      "run-id", po::value(&run_id), "makes order ids, batch references and command ids of its own")(
      "state", po::value(&options.state)->value_name("FILE"),
      "where it remembers how far it is; FILE.import by default")(
      "reported", po::value(&options.reported)->value_name("FILE"),
      "every line that was not accepted, with the reason; FILE.reported by default")(
      "rate", po::value(&options.run.rate)->value_name("COMMANDS/S"), "sends no faster than this")(
      "in-flight", po::value(&options.run.in_flight)->value_name("N")->default_value(10'000),
      "at most so many commands without an answer, and order lines of which it is not known whether there is stock")(
      "wait", po::value(&options.wait_seconds)->value_name("SECONDS")->default_value(60),
      "gives up when it has heard nothing for so long")(
      "cancel-within", po::value(&cancel_within_days)->value_name("DAYS")->default_value(7),
      "how old an order may be to be cancelled; older ones count as shipped")(
      "scarce-every", po::value(&stock.scarce_every)->value_name("N")->default_value(50),
      "every N-th code has too little stock; 0: none")(
      "scarce-stock", po::value(&stock.scarce_percent)->value_name("PERCENT")->default_value(85),
      "how much of what is ordered of it")("dry-run", po::bool_switch(&options.dry_run),
                                           "prints the commands, as send --file takes them, and sends nothing");
  options.output.add_to(parser);
  parser.positional("file", 1);
}

bool parse(const Invocation& invocation, ImportOptions& options) {
  options::Parser parser{invocation.program, purpose};
  add_to(parser, options);
  if (!parse(parser, invocation)) return false;
  check(options);
  options.run.patience = std::chrono::milliseconds{std::llround(std::ceil(options.wait_seconds * 1000))};
  if (options.dry_run) return true;
  options.run.kafka = options.broker.config();
  const auto beside = options.file + (options.rules.run_id.empty() ? "" : '.' + options.rules.run_id);
  if (options.state.empty()) options.state = beside + ".import";
  if (options.reported.empty()) options.reported = beside + ".reported";
  return true;
}

Identity identity_of(const ImportOptions& options, const std::string& cluster) {
  const auto& [run_id, cancel_within_days, stock] = options.rules;
  return {{"file", InputFile::fingerprint(options.file)},
          {"run id", run_id},
          {"Kafka cluster", cluster},
          {"--cancel-within", std::to_string(cancel_within_days)},
          {"--scarce-every", std::to_string(stock.scarce_every)},
          {"--scarce-stock", std::to_string(stock.scarce_percent)}};
}

void plan(const ImportOptions& options, const Identity& identity, State& state, Console& console) {
  InputFile file{options.file};
  CsvReader reader{[&](std::span<char> into) { return file.read(into); }};
  Progress progress{console};
  make_plan(reader, options.rules, identity, state, [&](std::int64_t lines) {
    if (progress.is_due()) progress.show({.fraction = file.fraction(), .read = lines});
  });
}

void plan_or_check(const ImportOptions& options, State& state, Console& console) {
  const auto cluster = kafka::Admin{options.run.kafka, broker_timeout, options.broker.log()}.cluster_id();
  const auto identity = identity_of(options, cluster);
  if (!state.is_planned()) return plan(options, identity, state, console);
  const auto planned = state.identity();
  for (const auto& [name, value] : identity) {
    const auto found = planned.find(name);
    if (found != planned.end() && found->second == value) continue;
    throw options::OptionError{"--state: " + options.state + " is that of an import with another " + name +
                               "; give another file, or remove this one"};
  }
}

int run_import(const ImportOptions& options, Console& console) {
  State state{options.state};
  plan_or_check(options, state, console);
  write_reported(state, options.reported);  // also when what follows fails
  const auto trouble = Runner{options.run, options.broker.log(), state, console}.run();
  write_reported(state, options.reported);
  const auto balance = balance_of(state);
  print(balance, options.output.json(), console);
  if (balance.is_complete()) return 0;
  console.err << "orderly import: not every command was answered (" << trouble
              << "); the same call goes on from here\n";
  return not_complete;
}

int dry_run(const ImportOptions& options, Console& console) {
  const TemporaryDirectory directory;
  State state{directory.path() / "plan"};
  plan(options, {{"for", "a dry run"}}, state, console);
  print_commands(state, console.out);
  if (!options.reported.empty()) write_reported(state, options.reported);
  print(balance_of(state), options.output.json(), Console{console.err, console.err, {}, {}});
  return 0;
}

}  // namespace

int import_orders(const Invocation& invocation) {
  ImportOptions options;
  if (!parse(invocation, options)) return 0;
  return options.dry_run ? dry_run(options, invocation.console) : run_import(options, invocation.console);
}

}  // namespace orderly::cli
