// A command on its way: a record in the published form (CloudEvents headers, Protobuf value, keyed by its aggregate).
// Threads: an IdSource belongs to one. Failures: std::invalid_argument with the field or the part of the line at fault.
#pragma once

#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_types.h"
#include "common/clock/clock.h"

namespace orderly::cli {

class IdSource {
 public:
  std::string next(Time now);

 private:
  std::mt19937_64 random_{std::random_device{}() * 0x1'0000'0001ULL ^ std::random_device{}()};
};

struct OutgoingCommand {
  std::string id, type, topic, key, value;
  std::string time;  // RFC 3339
  // Given: these alone, such as those of a record that is sent again. Else those that the fields above make.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// `id` empty: a new one.
OutgoingCommand make_command(const CommandType& type, const google::protobuf::Message& message, std::string id,
                             IdSource& ids);

// From the words of a command line: TYPE field=value ...
OutgoingCommand command_from_words(std::span<const std::string> words, const std::string& id, IdSource& ids);

// From a line of a file: {"type": "...", "id": "...", "data": {...}}; the id may be left out.
OutgoingCommand command_from_json(std::string_view line, IdSource& ids);

}  // namespace orderly::cli
