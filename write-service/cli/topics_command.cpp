#include <ostream>

#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/kafka/admin.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  BrokerOptions broker;
  std::int32_t partitions = 4;
  std::int32_t replication = 1;
};

void check_range(const char* option, std::int32_t value, std::int32_t most) {
  if (value >= 1 && value <= most) return;
  throw options::OptionError{std::string{"--"} + option + ": 1 to " + std::to_string(most) + " wanted, got " +
                             std::to_string(value)};
}

std::vector<kafka::NewTopic> wanted_topics(const Options& options) {
  std::vector<kafka::NewTopic> wanted;
  for (const auto& topic : topics::all(options.replication)) {
    wanted.push_back({topic.name, options.partitions, options.replication, topic.settings});
  }
  return wanted;
}

std::string settings_text(const kafka::TopicSettings& settings) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : settings) parts.push_back(name + "=" + value);
  return joined(parts, " ");
}

void print(const std::vector<kafka::NewTopic>& wanted, const std::vector<kafka::TopicOutcome>& outcomes,
           const Console& console) {
  Table table{{{.name = "topic"}, {.name = "partitions", .align = Align::right}, {.name = ""}, {.name = "settings"}}};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& [name, created, differing] = outcomes[i];
    auto settings = differing;
    settings.insert(wanted[i].settings.begin(), wanted[i].settings.end());
    const Cell state{created ? "created" : "exists", created ? Colour::green : Colour::dim};
    table.add({name, std::to_string(wanted[i].partitions), state, settings_text(settings)});
  }
  table.print(console);
}

}  // namespace

int topics_create(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program,
                         "makes the eight topics that both services need; those that exist are left as they are"};
  options.broker.add_to(parser);
  parser.add()("partitions", po::value(&options.partitions)->default_value(4),
               "of each topic: the number of shards, for good")(
      "replication", po::value(&options.replication)->default_value(1), "copies of each partition; 3 in production");
  if (!parse(parser, invocation)) return 0;
  check_range("partitions", options.partitions, 10'000);
  check_range("replication", options.replication, 100);

  kafka::Admin admin{options.broker.config(), broker_timeout, options.broker.log()};
  const auto wanted = wanted_topics(options);
  const auto outcomes = admin.create_topics(wanted);
  print(wanted, outcomes, invocation.console);
  for (const auto& outcome : outcomes) {
    if (outcome.differing.empty()) continue;
    invocation.console.err << invocation.program << ": topic " << outcome.name
                           << " is left with its own settings: " << settings_text(outcome.differing) << '\n';
  }
  return 0;
}

}  // namespace orderly::cli
