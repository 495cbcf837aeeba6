// orderly topics create
#include <iostream>

#include "cli/subcommand.h"
#include "common/kafka/admin.h"
#include "common/kafka/consumer.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

using namespace std::chrono_literals;

// A topic that was there already must have the partitions that are asked for: an aggregate's shard depends on them.
int check_existing(const kafka::Config& config, const std::string& name, std::int32_t partitions) {
  kafka::Consumer consumer{config, log::Logger::silent()};
  const auto count = consumer.partition_count(name, 10s);
  std::cout << name << ": was there already, with " << count << " partitions\n";
  if (count == partitions) return 0;
  std::cerr << "orderly: " << name << " has " << count << " partitions, not " << partitions << "; the number cannot be changed\n";
  return 1;
}

}  // namespace

int topics_command(const Arguments& arguments) {
  std::string action;
  std::int32_t partitions = 0, replication = 0;
  KafkaOptions kafka_options;
  options::Parser parser{"orderly topics create", "makes the topics of the published interface"};
  kafka_options.add_to(parser);
  parser.add()("action", po::value(&action)->required(), "create")("partitions", po::value(&partitions)->default_value(4), "of every topic")(
      "replication", po::value(&replication)->default_value(1), "copies of every partition");
  parser.positional("action", 1);
  if (!parse(parser, arguments)) return 0;
  if (action != "create") throw std::invalid_argument{"topics: create wanted, got " + action};
  if (partitions < 1 || partitions > 10'000) throw std::invalid_argument{"--partitions: 1 to 10000 wanted"};
  if (replication < 1) throw std::invalid_argument{"--replication: at least 1 wanted"};

  std::vector<kafka::NewTopic> wanted;
  for (auto& topic : topics::all(replication)) wanted.push_back({topic.name, partitions, replication, topic.settings});
  int status = 0;
  const auto config = kafka_options.config();
  for (const auto& outcome : kafka::create_topics(config, wanted, 30s)) {
    switch (outcome.kind) {
      case kafka::TopicOutcome::Kind::created:
        std::cout << outcome.name << ": made, " << partitions << " partitions\n";
        break;
      case kafka::TopicOutcome::Kind::existed: status |= check_existing(config, outcome.name, partitions); break;
      case kafka::TopicOutcome::Kind::refused:
        std::cerr << "orderly: " << outcome.name << ": " << outcome.reason << '\n';
        status = 1;
    }
  }
  return status;
}

}  // namespace orderly::cli
