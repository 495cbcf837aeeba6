#include <ostream>

#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/text.h"
#include "cli/why_print.h"
#include "cli/why_rows.h"
#include "cli/why_scan.h"
#include "cli/why_store.h"
#include "common/clock/rfc3339.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr std::size_t most_rows = 10;
constexpr std::size_t short_data = 160, whole_data = 1'000'000;

struct Options {
  BrokerOptions broker;
  ReadServiceOptions service;
  OutputOptions output;
  std::string id, data, since;
  std::size_t limit = 0;
  bool whole = false;
};

WhyQuestion question_of(const Options& options) {
  WhyQuestion question{options.id, std::nullopt, options.data, options.limit};
  if (options.limit == 0) throw options::OptionError{"--limit: 1 or more wanted"};
  if (options.since.empty()) return question;
  question.since = parse_rfc3339(options.since);
  if (!question.since) {
    throw options::OptionError{"--since: a time such as 2026-01-31T12:00:00Z wanted, got " + one_line(options.since)};
  }
  return question;
}

WhyAnswer find(const Options& options, Console& console) {
  const auto progress = [&](int pass, std::int64_t done, std::int64_t all) {
    if (!console.err_is_terminal()) return;
    console.err << "\rpass " << pass << ": " << grouped(done) << " of " << grouped(std::max(done, all))
                << " records\x1b[K" << std::flush;
  };
  auto answer = find_conversations(options.broker.config(), options.broker.log(), question_of(options), progress);
  if (console.err_is_terminal()) console.err << "\r\x1b[K" << std::flush;
  if (answer.records.empty()) {
    throw std::runtime_error{"nothing on the topics goes by the id " + one_line(options.id) +
                             (options.since.empty() ? "" : " since " + options.since)};
  }
  if (!options.data.empty()) locate_events(options.data, answer.records);
  return answer;
}

// The topics tell the story; a read service that is away takes nothing from it.
std::vector<WhyRow> ask_for_rows(const Options& options, const WhyAnswer& answer, std::string& trouble) {
  ReadServiceClient client{options.service};
  try {
    return rows_of(answer.records, options.id, most_rows, client);
  } catch (const std::runtime_error& error) {
    trouble = error.what();
    return {};
  }
}

}  // namespace

int why(const Invocation& invocation) {
  Options options;
  options::Parser parser{
      invocation.program,
      "shows how something came about: a command, its result and its events, the commands that were\n"
      "sent because of it and what came of those, and what a read service shows of all this\n\n"
      "usage: orderly why ID [--data DIR] [--url URL]\n\n"
      "ID is that of a command, an event, an order, or a correlation id; a sku, a batch and a\n"
      "customer do as well."};
  options.broker.add_to(parser);
  parser.add()("id", po::value(&options.id)->required(), "what to explain; --id itself may be left out")(
      "data", po::value(&options.data)->value_name("DIR"),
      "the write service's data directory: what waits in its outboxes and where events lie is shown too")(
      "since", po::value(&options.since)->value_name("TIME"), "look at no older records")(
      "limit", po::value(&options.limit)->default_value(20), "show only the newest so many conversations")(
      "whole", po::bool_switch(&options.whole), "show data whole, however long");
  options.service.add_to(parser);
  options.output.add_to(parser);
  parser.positional("id", 1);
  if (!parse(parser, invocation)) return 0;
  const bool json = options.output.json();
  const auto answer = find(options, invocation.console);
  std::string trouble;
  const auto rows = ask_for_rows(options, answer, trouble);
  const WhyStory story{answer.records};
  const WhyShown shown{story, rows, trouble, options.whole ? whole_data : short_data};
  json ? print_json(shown, invocation.console) : print_text(shown, invocation.console);
  if (answer.conversations_left_out) {
    invocation.console.err << "only the newest " << options.limit << " conversations are shown; see --limit\n";
  }
  if (answer.records_left_out) invocation.console.err << "more records belong to this than are shown\n";
  return 0;
}

}  // namespace orderly::cli
