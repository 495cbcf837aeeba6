#include "common/kafka/config.h"

#include <librdkafka/rdkafka.h>

#include <array>

namespace orderly::kafka {

rd_kafka_conf_s* make_conf(const Config& defaults, const Config& overrides) {
  Config merged = overrides;
  merged.insert(defaults.begin(), defaults.end());
  merged.try_emplace("enable.metrics.push", "false");  // to the broker: a client's end would wait for it
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [key, value] : merged) {
    std::array<char, 512> reason{};
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw ConfigError{"--kafka " + key + ": " + reason.data()};
    }
  }
  return conf;
}

void check(const Config& overrides) { rd_kafka_conf_destroy(make_conf({}, overrides)); }

}  // namespace orderly::kafka
