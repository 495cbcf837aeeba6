// Every command there is: its message, and its translation to the domain. THE PLACE TO ADD A COMMAND: one line in
// command_types.cpp's table, and its translation above it. Threads: a table belongs to one codec. Failures: none; what
// a message says wrongly is for the domain's validation to name.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "intake/command.h"

namespace orderly::intake {

// Every message of one type is read into the same object again, so that its strings keep their memory.
struct CommandType {
  std::unique_ptr<google::protobuf::Message> message;
  std::function<Command(const google::protobuf::Message&)> translate;
};

using CommandTypes = std::unordered_map<std::string, CommandType>;  // by the message's full name, which is the ce_type

CommandTypes command_types();

// Whether only write services send it, to each other.
bool is_internal(std::string_view type);

}  // namespace orderly::intake
