// A record of the bench, and the headers that the contract wants on each kind. What is given must outlive what is made of it.
// Threads: any. Failures: none.
#pragma once

#include <string_view>
#include <vector>

#include "common/kafka/message.h"

namespace orderly::bench {

struct Record {
  std::string_view type, key, id, value;
  std::vector<kafka::Header> headers;
};

struct CommandFacts {
  std::string_view id, type, time, subject, content_type = "application/protobuf";
};
std::vector<kafka::Header> command_headers(const CommandFacts& command);

struct EventFacts {
  std::string_view id, type, time, subject, command_id, version;
};
std::vector<kafka::Header> event_headers(const EventFacts& event);

struct ResultFacts {
  std::string_view id, time, subject, command_id;
};
inline constexpr std::string_view result_type = "messaging.v1.CommandResult";
std::vector<kafka::Header> result_headers(const ResultFacts& result);

}  // namespace orderly::bench
