// JSON to a Protobuf message by Protobuf's JSON mapping, as far as commands need it: strings, numbers, booleans, enums,
// timestamps, messages and lists of them; snake_case and lowerCamelCase names. Strict: what is unknown, given twice or
// of the wrong kind throws std::invalid_argument with the field's path, the reason and the known fields. Threads: any.
#pragma once

#include <google/protobuf/message.h>
#include <rapidjson/document.h>

#include <string_view>

namespace orderly::cli {

// Where in a message: items[2].sku. Made on the stack, spelled out for an error only.
struct FieldPath {
  const FieldPath* parent = nullptr;
  std::string_view name;
  int index = -1;

  std::string text() const;
};

[[noreturn]] void refuse(const FieldPath& at, const std::string& reason);

// Throws std::invalid_argument with the place and the reason. Safe for any bytes and any depth of nesting.
rapidjson::Document parse_json(std::string_view json);

void read_object(const rapidjson::Value& json, google::protobuf::Message& into, const FieldPath& at = {});

// Throws when the message has no such field.
const google::protobuf::FieldDescriptor& field_named(const google::protobuf::Descriptor& type, std::string_view name,
                                                     const FieldPath& at);

}  // namespace orderly::cli
