// What reading JSON needs to know of a message type, looked up once per type: names, kinds, sub-messages.
// Threads: a cache belongs to one thread; its tables stay where they are until it dies.
// Failures: none; types with a JSON form of their own are marked for Protobuf's mapping.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orderly::intake {

struct MessageTable;

enum class FieldKind : std::uint8_t {
  boolean,
  int32,
  int64,
  uint32,
  uint64,
  float32,
  float64,
  text,
  bytes,
  choice,
  message
};
enum class FieldShape : std::uint8_t { single, list, map };

struct FieldTable {
  const google::protobuf::FieldDescriptor* descriptor;
  const google::protobuf::OneofDescriptor* oneof;  // null: in none
  const MessageTable* message;                     // null unless kind is message; the entry's for a map
  std::string_view name, json_name;                // order_id, orderId
  FieldKind kind;
  FieldShape shape;
};

enum class JsonForm : std::uint8_t {
  object,
  timestamp,
  value,       // google.protobuf.Value, for which null is a value
  by_mapping,  // other well-known types and oddities, which are left to Protobuf's mapping
};

struct MessageTable {
  const google::protobuf::Descriptor* type;
  JsonForm form;
  std::vector<FieldTable> fields;
};

class MessageTables {
 public:
  const MessageTable& of(const google::protobuf::Descriptor& type);

 private:
  std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<MessageTable>> tables_;
  const MessageTable* latest_ = nullptr;
};

}  // namespace orderly::intake
