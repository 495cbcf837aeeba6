// The table of contents of the program `orderly`: its sub-commands, and what they share.
// A sub-command throws std::invalid_argument for what the user typed wrong (exit 2), anything else for what failed (exit 1).
#pragma once

#include <string>
#include <vector>

#include "common/kafka/config.h"
#include "common/options/options.h"

namespace orderly::cli {

using Arguments = std::vector<std::string>;

int topics_command(const Arguments& arguments);
int send_command(const Arguments& arguments);
int dead_letters_command(const Arguments& arguments);
int events_command(const Arguments& arguments);

struct Subcommand {
  const char* name;
  const char* purpose;
  int (*run)(const Arguments&);
};

inline constexpr Subcommand subcommands[]{
    {"topics", "create: make the topics, as they should be kept; harmless when they are there", topics_command},
    {"send", "send one command, or a file of them, and wait for results", send_command},
    {"dead-letters", "list or show what could not be handled", dead_letters_command},
    {"events", "the events of a stream, with cause, correlation and time", events_command},
};

// --brokers and --kafka, as every sub-command that talks to Kafka has them.
class KafkaOptions {
 public:
  void add_to(options::Parser& parser);
  kafka::Config config() const;

 private:
  std::string brokers_;
  std::vector<std::string> settings_;
};

bool parse(options::Parser& parser, const Arguments& arguments);

}  // namespace orderly::cli
