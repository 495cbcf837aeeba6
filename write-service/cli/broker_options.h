// The options that every sub-command with a broker takes, and what they come to. Threads: the main one.
// Failures: OptionError or ConfigError, which name the option.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/dispatch.h"
#include "common/kafka/config.h"
#include "common/log/log.h"
#include "common/options/options.h"

namespace orderly::cli {

struct BrokerOptions {
  std::string brokers, log_level;
  std::vector<std::string> kafka;

  enum class Brokers { are_required, may_be_left_out };
  void add_to(options::Parser& parser, Brokers needed = Brokers::are_required);
  kafka::Config config() const;  // bootstrap.servers and the settings
  log::Logger log() const { return log::Logger::to_stderr("orderly", log_level); }
};

// How long a broker may take to answer a question.
inline constexpr std::chrono::milliseconds broker_timeout{10'000};

// Whether results are for people or for programs: --output text|json, or --json for short.
struct OutputOptions {
  std::string output;
  bool short_json = false;

  void add_to(options::Parser& parser);
  bool json() const;
};

// False: --help was asked for and has been printed.
bool parse(options::Parser& parser, const Invocation& invocation);

}  // namespace orderly::cli
