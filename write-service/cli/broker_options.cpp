#include "cli/broker_options.h"

namespace po = boost::program_options;

namespace orderly::cli {

void BrokerOptions::add_to(options::Parser& parser, Brokers needed) {
  auto* address = po::value(&brokers)->value_name("HOST:PORT");
  if (needed == Brokers::are_required) address->required();
  parser.add()("brokers", address, "Kafka's bootstrap servers")(
      "kafka", po::value(&kafka)->value_name("KEY=VALUE")->composing(), "a librdkafka setting; may be repeated")(
      "log-level", po::value(&log_level)->default_value("off"), "of the Kafka client: debug, info, warn, error or off");
}

kafka::Config BrokerOptions::config() const {
  auto config = options::key_values(kafka, "kafka");
  config["bootstrap.servers"] = brokers;
  kafka::check(config);
  return config;
}

void OutputOptions::add_to(options::Parser& parser) {
  parser.add()("output", po::value(&output)->default_value("text")->value_name("text|json"),
               "for people, or one JSON object a line")("json", po::bool_switch(&short_json),
                                                        "the same as --output json");
}

bool OutputOptions::json() const {
  if (output != "text" && output != "json") throw options::OptionError{"--output: text or json wanted, got " + output};
  return short_json || output == "json";
}

bool parse(options::Parser& parser, const Invocation& invocation) {
  std::vector<const char*> arguments{invocation.program.c_str()};
  for (const auto& word : invocation.words) arguments.push_back(word.c_str());
  return parser.parse(static_cast<int>(arguments.size()), arguments.data(), invocation.environment);
}

}  // namespace orderly::cli
