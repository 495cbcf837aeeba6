// Commands from what a user types: a type and field=value words, or a type and JSON. Driven by the messages' descriptors.
// Threads: one. Failures: std::invalid_argument that names the type or field, and lists those that exist.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "intake/message_reader.h"

namespace orderly::cli {

class MessageBuilder {
 public:
  MessageBuilder();

  // A new, empty message of a command type such as allocation.v1.Allocate.
  std::unique_ptr<google::protobuf::Message> make(const std::string& type) const;

  // sku=LAMP, items[0].quantity=2, unit_price={"currency":"GBP","minor_units":250}
  void set(google::protobuf::Message& message, const std::string& assignment);

  // Protobuf's JSON mapping, as the write service reads it.
  void fill(google::protobuf::Message& message, std::string_view json);

  // The value that the record's key and partition come from.
  static std::string aggregate_id(const google::protobuf::Message& message);

 private:
  intake::MessageReader reader_;
  std::vector<const google::protobuf::Descriptor*> commands_;
};

}  // namespace orderly::cli
