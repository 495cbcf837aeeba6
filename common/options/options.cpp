#include "common/options/options.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>

namespace po = boost::program_options;

namespace orderly::options {
namespace {

// ORDERLY_SMTP_URL -> smtp-url
std::string option_of(const std::string& variable) {
  static const std::string prefix = "ORDERLY_";
  if (!variable.starts_with(prefix)) return "";
  std::string name = variable.substr(prefix.size());
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return name;
}

}  // namespace

Parser::Parser(std::string program, std::string purpose)
    : program_(std::move(program)), purpose_(std::move(purpose)), described_("Options", 110) {
  add()("help,h", "show this text")("config", po::value<std::string>()->value_name("FILE"),
                                    "a file of name=value lines, one an option");
}

void Parser::positional(const std::string& option, int count) { positional_.add(option.c_str(), count); }

bool Parser::parse(int argc, const char* const* argv, const std::map<std::string, std::string>& environment) try {
  po::store(po::command_line_parser(argc, argv).options(described_).positional(positional_).run(), values_);
  if (values_.count("help") != 0) {
    std::cout << program_ << ": " << purpose_ << "\n\n"
              << described_ << "\nEvery option can stand in the config file "
              << "(brokers=…) and in the environment (ORDERLY_BROKERS …) too.\n";
    return false;
  }
  po::parsed_options from_environment{&described_};
  for (const auto& [variable, value] : environment) {
    const std::string name = option_of(variable);
    if (name.empty() || described_.find_nothrow(name, false) == nullptr) continue;
    from_environment.options.emplace_back(name, std::vector<std::string>{value});
  }
  po::store(from_environment, values_);
  if (values_.count("config") != 0) {
    const auto& path = values_["config"].as<std::string>();
    std::ifstream file{path};
    if (!file) throw OptionError{"--config: cannot read " + path};
    po::store(po::parse_config_file(file, described_), values_);
  }
  po::notify(values_);
  return true;
} catch (const po::error& error) {
  throw OptionError{error.what()};
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::map<std::string, std::string> key_values(const std::vector<std::string>& settings, const std::string& option) {
  std::map<std::string, std::string> values;
  for (const auto& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw OptionError{"--" + option + ": key=value wanted, got " + setting};
    values[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return values;
}

}  // namespace orderly::options
