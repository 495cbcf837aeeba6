// The commands that a client may send: their messages, topics and the field that is the record's key.
// A new command is one line in command_types.cpp. Threads: any. Failures: an unknown type throws std::invalid_argument.
#pragma once

#include <google/protobuf/message.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::cli {

struct CommandType {
  const google::protobuf::Message* prototype;
  std::vector<std::string> key_fields;  // the first that is given holds the aggregate's id

  const std::string& name() const { return prototype->GetDescriptor()->full_name(); }
  std::string key(const google::protobuf::Message& message) const;
};

std::span<const CommandType> command_types();
const CommandType& command_type(std::string_view name);

std::string field_names(const google::protobuf::Descriptor& type);  // order_id, sku, quantity

}  // namespace orderly::cli
