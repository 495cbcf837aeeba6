#include "common/options/options.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

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

// The composing option and its setting that a variable means, or nothing: kafka-sasl-password -> kafka, sasl.password
std::optional<std::pair<std::string, std::string>> setting_of(const std::string& name,
                                                              const po::options_description& described) {
  for (auto dash = name.find('-'); dash != name.npos; dash = name.find('-', dash + 1)) {
    const auto* option = described.find_nothrow(name.substr(0, dash), false);
    if (option == nullptr || !option->semantic()->is_composing()) continue;
    auto key = name.substr(dash + 1);
    std::ranges::replace(key, '-', '.');
    return std::pair{name.substr(0, dash), key};
  }
  return std::nullopt;
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
    if (name.empty()) continue;
    if (described_.find_nothrow(name, false) != nullptr) {
      from_environment.options.emplace_back(name, std::vector<std::string>{value});
    } else if (const auto setting = setting_of(name, described_)) {
      from_environment.options.emplace_back(setting->first, std::vector<std::string>{setting->second + '=' + value});
    }
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

std::string value_or_file(const std::string& value, const std::string& option) {
  if (!value.starts_with('@')) return value;
  if (value.starts_with("@@")) return value.substr(1);
  std::ifstream file{value.substr(1), std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) throw OptionError{"--" + option + ": cannot read " + value.substr(1)};
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

std::map<std::string, std::string> key_values(const std::vector<std::string>& settings, const std::string& option) {
  std::map<std::string, std::string> values;
  for (const auto& setting : settings) {
    const auto equals = setting.find('=');
    // What stands there may be a secret that went astray.
    if (equals == 0 || equals == std::string::npos) throw OptionError{"--" + option + ": key=value wanted"};
    const auto key = setting.substr(0, equals);
    if (!values.contains(key)) {
      values.emplace(key, value_or_file(setting.substr(equals + 1), std::string{option}.append(1, ' ').append(key)));
    }
  }
  return values;
}

}  // namespace orderly::options
