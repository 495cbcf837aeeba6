// orderly: commands and operations from a terminal.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/subcommand.h"

namespace po = boost::program_options;

namespace orderly::cli {

void KafkaOptions::add_to(options::Parser& parser) {
  parser.add()("brokers", po::value(&brokers_)->required()->value_name("HOST:PORT"), "Kafka's bootstrap servers")(
      "kafka", po::value(&settings_)->value_name("KEY=VALUE")->composing(), "a librdkafka setting; may be repeated");
}

kafka::Config KafkaOptions::config() const {
  auto config = options::key_values(settings_, "kafka");
  config["bootstrap.servers"] = brokers_;
  kafka::check(config);
  return config;
}

bool parse(options::Parser& parser, const Arguments& arguments) {
  std::vector<const char*> raw{"orderly"};
  for (const auto& argument : arguments) raw.push_back(argument.c_str());
  return parser.parse(static_cast<int>(raw.size()), raw.data(), options::environment());
}

namespace {

void print_usage(std::ostream& out) {
  out << "orderly: commands and operations from a terminal\n\n";
  for (const auto& subcommand : subcommands) {
    out << "  orderly " << subcommand.name << std::string(14 - std::string_view{subcommand.name}.size(), ' ') << subcommand.purpose << '\n';
  }
  out << "\norderly SUBCOMMAND --help tells its options.\n";
}

int run(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_usage(arguments.empty() ? std::cerr : std::cout);
    return arguments.empty() ? 2 : 0;
  }
  const auto* found = std::ranges::find_if(subcommands, [&](const Subcommand& s) { return s.name == arguments[0]; });
  if (found == std::end(subcommands)) throw std::invalid_argument{"no sub-command \"" + arguments[0] + "\"; orderly --help lists them"};
  return found->run({arguments.begin() + 1, arguments.end()});
}

}  // namespace
}  // namespace orderly::cli

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_DFL);  // `orderly … | head` ends quietly
  google::protobuf::SetLogHandler(nullptr);
  return orderly::cli::run({argv + 1, argv + argc});
} catch (const std::invalid_argument& error) {
  std::cerr << "orderly: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "orderly: " << error.what() << '\n';
  return 1;
}
