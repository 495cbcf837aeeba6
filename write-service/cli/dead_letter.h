// One record of the topic dead-letters: where it is, where it came from, why. Owns its text. Threads: any.
// Failures: parse_place throws std::invalid_argument; headers that are missing come out empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/kafka/message.h"

namespace orderly::cli {

struct DeadLetter {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string time;      // dlq-time, else the record's
  std::string original;  // topic/partition/offset
  std::string type, id, reason, detail, content_type;
  std::optional<std::string> key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;

  // Empty when it has none of that name.
  std::string header(std::string_view name) const;
  std::string position() const { return std::to_string(partition) + '/' + std::to_string(offset); }
};

enum class WithValue { no, yes };

DeadLetter to_dead_letter(const kafka::Message& record, WithValue with_value);

// TOPIC/PARTITION/OFFSET of the original record, or PARTITION/OFFSET of the dead letter itself (topic empty).
kafka::Position parse_place(const std::string& text);

}  // namespace orderly::cli
