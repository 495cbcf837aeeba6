// A program's options: command line first, then the environment (ORDERLY_BROKERS for --brokers), then the config file.
// An error is one line that names the option and the reason; programs exit 2 with it. A composing option of key=value
// settings takes one from the environment by the key's name, too: ORDERLY_KAFKA_SASL_PASSWORD=… is
// --kafka sasl.password=…, and does not show in `ps`. Threads: start of the program only.
//
//   options::Parser parser{"write-service", "runs the aggregates"};
//   parser.add()("brokers", po::value(&brokers)->required(), "Kafka bootstrap servers");
//   if (!parser.parse(argc, argv, options::environment())) return 0;
#pragma once

#include <boost/program_options.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace orderly::options {

class OptionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

class Parser {
 public:
  Parser(std::string program, std::string purpose);

  boost::program_options::options_description_easy_init add() { return described_.add_options(); }

  // Words that stand without a name, such as `send TYPE field=value …`.
  void positional(const std::string& option, int count);

  // Reads all three places. False: --help was asked for and has been printed to stdout. Throws OptionError.
  bool parse(int argc, const char* const* argv, const std::map<std::string, std::string>& environment);

  const boost::program_options::variables_map& values() const { return values_; }

 private:
  std::string program_, purpose_;
  boost::program_options::options_description described_;
  boost::program_options::positional_options_description positional_;
  boost::program_options::variables_map values_;
};

// The process's environment as a map, for Parser::parse.
std::map<std::string, std::string> environment();

// A value that begins with @ is read from that file, without the newline at its end (@@ stands for @): so secrets do
// not show in `ps`. Throws OptionError that names `option` and the file.
std::string value_or_file(const std::string& value, const std::string& option);

// `key=value` settings, as --kafka takes them; of a key that is given twice the first counts, which is the command
// line's. Values go through value_or_file. Throws OptionError, which tells no value.
std::map<std::string, std::string> key_values(const std::vector<std::string>& settings, const std::string& option);

}  // namespace orderly::options
