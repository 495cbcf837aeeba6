// librdkafka's settings: our defaults, the user's `--kafka key=value` on top. An unknown key or value throws
// ConfigError. Threads: any.
#pragma once

#include <map>
#include <stdexcept>
#include <string>

struct rd_kafka_conf_s;

namespace orderly::kafka {

using Config = std::map<std::string, std::string>;

// For consumers, none of which joins a group: how long their end waits for a coordinator that is out of reach.
inline const Config::value_type longest_close{"session.timeout.ms", "1000"};

// A setting that librdkafka refuses, with its own words.
class ConfigError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// The caller hands the result to rd_kafka_new, which takes it over.
rd_kafka_conf_s* make_conf(const Config& defaults, const Config& overrides);

// Throws ConfigError where make_conf would: for a program's start, before anything depends on it.
void check(const Config& overrides);

}  // namespace orderly::kafka
