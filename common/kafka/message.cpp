#include "common/kafka/message.h"

#include <librdkafka/rdkafka.h>

namespace orderly::kafka {

std::optional<std::string_view> Message::header(std::string_view name) const {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->name == name) return it->value;
  }
  return std::nullopt;
}

std::int32_t partition_for(std::string_view key, std::int32_t partitions) {
  return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr);
}

}  // namespace orderly::kafka
