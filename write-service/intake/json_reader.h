// Walks a JSON document with simdjson beside a message's descriptor and fills the message: no code of its own per type.
// Threads: one reader a thread; its buffers are used again, so that a small command costs no allocation but its
// strings. Failures: the first problem met, with the path of its field; the message is then partly filled.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intake/json_fields.h"
#include "intake/json_values.h"

namespace orderly::intake {

inline constexpr int max_json_depth = 32;  // objects within objects

class JsonReader {
 public:
  std::optional<ReadError> read(std::string_view json, google::protobuf::Message& message);

 private:
  using Message = google::protobuf::Message;

  bool read_document(std::size_t size, Message& message);
  bool read_root(ondemand::document& document, std::size_t size, Message& message);
  bool read_object(ondemand::object& object, const Target& target, const MessageTable& table);
  bool read_member(ondemand::field& member, const Target& target, const MessageTable& table, std::size_t& expected);
  bool read_field(ondemand::value& value, const Target& target, const FieldTable& field);
  bool read_element(ondemand::value& value, const Target& target, const FieldTable& field);
  bool read_list(ondemand::value& value, const Target& target, const FieldTable& field);
  bool read_map(ondemand::value& value, const Target& target, const FieldTable& field);
  bool read_entry(ondemand::value& value, std::string_view key, const Target& entry, const MessageTable& table);
  bool read_message(ondemand::value& value, Message& message, const MessageTable& table);
  bool read_by_mapping(ondemand::value& value, Message& message);
  std::optional<ReadError> locate_broken_byte(std::size_t size, Message& message);

  MessageTables tables_;
  ondemand::parser parser_;
  std::string padded_;              // the document and the zeros behind it that simdjson may look at
  std::vector<std::uint8_t> seen_;  // which fields the open objects have had, the innermost object's last
  Reading reading_;
  int depth_ = 0;
};

}  // namespace orderly::intake
