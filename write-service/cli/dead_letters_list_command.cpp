#include <ostream>
#include <set>
#include <tuple>

#include "cli/broker_options.h"
#include "cli/dead_letter.h"
#include "cli/payload.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topic_reader.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  BrokerOptions broker;
  OutputOptions output;
  std::int64_t limit = 0;
  std::string reason;
};

struct Older {
  bool operator()(const DeadLetter& a, const DeadLetter& b) const {
    return std::tie(a.time, a.partition, a.offset) < std::tie(b.time, b.partition, b.offset);
  }
};

struct Found {
  std::set<DeadLetter, Older> newest;
  std::int64_t matching = 0;
};

Found find(const Options& options) {
  Found found;
  read_topic(options.broker.config(), options.broker.log(), std::string{topics::dead_letters},
             [&](const kafka::Message& record) {
               auto letter = to_dead_letter(record, WithValue::no);
               if (!options.reason.empty() && letter.reason != options.reason) return;
               ++found.matching;
               found.newest.insert(std::move(letter));
               if (options.limit > 0 && found.newest.size() > static_cast<std::size_t>(options.limit))
                 found.newest.erase(found.newest.begin());
             });
  return found;
}

void print_json(const Found& found, const Console& console) {
  for (const auto& letter : found.newest) {
    console.out << "{\"position\":" << json_text(letter.position()) << ",\"time\":" << json_text(letter.time)
                << ",\"original\":" << json_text(letter.original) << ",\"type\":" << json_text(letter.type)
                << ",\"id\":" << json_text(letter.id) << ",\"reason\":" << json_text(letter.reason)
                << ",\"detail\":" << json_text(letter.detail) << "}\n";
  }
}

void print_text(const Found& found, const Console& console) {
  if (found.newest.empty()) {
    console.out << "no dead letters\n";
    return;
  }
  Table table{{{.name = "position"},
               {.name = "time"},
               {.name = "original"},
               {.name = "type", .max_width = 40},
               {.name = "id", .max_width = 64},
               {.name = "reason"},
               {.name = "detail", .max_width = 100}}};
  for (const auto& letter : found.newest) {
    table.add({letter.position(),
               {letter.time, Colour::dim},
               letter.original,
               letter.type,
               letter.id,
               {letter.reason, Colour::red},
               letter.detail});
  }
  table.print(console);
  const auto shown = static_cast<std::int64_t>(found.newest.size());
  if (shown < found.matching) {
    console.out << "the newest " << grouped(shown) << " of " << grouped(found.matching) << "; --limit 0 shows all\n";
  }
}

}  // namespace

int dead_letters_list(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program, "lists what could not be handled, the newest last"};
  options.broker.add_to(parser);
  parser.add()("limit", po::value(&options.limit)->default_value(50), "show only the newest so many; 0: all")(
      "reason", po::value(&options.reason), "show only those with this reason, such as UNREADABLE");
  options.output.add_to(parser);
  if (!parse(parser, invocation)) return 0;
  if (options.limit < 0) throw options::OptionError{"--limit: 0 or more wanted, got " + std::to_string(options.limit)};
  const bool json = options.output.json();
  const auto found = find(options);
  if (json) {
    print_json(found, invocation.console);
  } else {
    print_text(found, invocation.console);
  }
  return 0;
}

}  // namespace orderly::cli
