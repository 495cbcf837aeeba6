#include <optional>
#include <ostream>

#include "cli/broker_options.h"
#include "cli/repartition.h"
#include "cli/subcommands.h"
#include "cli/text.h"
#include "cli/topic_reader.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  BrokerOptions broker;
  std::vector<std::string> data;
  std::string to;
  std::int32_t partitions = 0;
};

// A command that no store has would be lost.
void require_all_read(const Options& options, const std::vector<std::filesystem::path>& directories) {
  std::optional<std::string> unread;
  read_from(options.broker.config(), options.broker.log(), positions_of_stores(directories),
            [&](const kafka::Message& message) {
              unread = std::string{message.topic} + '/' + std::to_string(message.partition) + '/' +
                       std::to_string(message.offset);
              return false;
            });
  if (!unread) return;
  throw std::runtime_error{"the command " + *unread +
                           " has not been decided yet: stop the senders and let the write services finish first"};
}

void print(const RepartitionSummary& summary, const Options& options, const Console& console) {
  console.out << summary.partitions_before << " shards are " << options.partitions << " now, in " << options.to << ": "
              << grouped(summary.events) << " events, " << grouped(summary.published) << " of them to be published, "
              << grouped(summary.ids) << " command ids";
  if (summary.ids_left_out > 0)
    console.out << " (" << grouped(summary.ids_left_out) << " that name no aggregate left out)";
  console.out << ", " << grouped(summary.scheduled) << " scheduled commands\n";
}

}  // namespace

int repartition(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program,
                         "makes stores for another number of partitions from those of services that have ended, for\n"
                         "topics that begin empty, on a Kafka cluster that has not seen these services; the brokers\n"
                         "are the old ones, and are asked whether every command has been decided\n\n"
                         "usage: orderly repartition --brokers HOST:PORT --data DIR [--data DIR ...] --to DIR "
                         "--partitions N"};
  options.broker.add_to(parser);
  parser.add()("data", po::value(&options.data)->required()->value_name("DIR"),
               "write services' data directories, which hold every shard between them; may be repeated")(
      "to", po::value(&options.to)->required()->value_name("DIR"), "where the new stores go: not there yet, or empty")(
      "partitions", po::value(&options.partitions)->required(), "of each topic from now on");
  if (!parse(parser, invocation)) return 0;
  if (options.partitions < 1 || options.partitions > 10'000) {
    throw options::OptionError{"--partitions: 1 to 10000 wanted, got " + std::to_string(options.partitions)};
  }
  const std::vector<std::filesystem::path> directories{options.data.begin(), options.data.end()};
  require_all_read(options, directories);
  print(repartition({directories, options.to, options.partitions}), options, invocation.console);
  return 0;
}

}  // namespace orderly::cli
