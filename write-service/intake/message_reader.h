// Fills a Protobuf message from a record's bytes: JSON (Protobuf's mapping, read as RFC 8259 to the letter) or binary.
// Threads: a reader belongs to one thread. Descriptors that it has met must outlive it (generated ones always do).
// Failures: a ReadError, never an exception; the message is empty then. At most 60 bytes of the input are echoed.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace orderly::intake {

struct ReadError {
  std::string field;  // its path as the sender wrote it: items[3].unit_price.minor_units; empty where none can be named
  std::string reason;  // one clause without the field: must be true or false, got 1
};

class JsonReader;

class MessageReader {
 public:
  MessageReader();
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // Never accepts what Protobuf's own mapping refuses, and fills the message alike. Stricter than Protobuf 3.21, as the
  // mapping's specification asks: text that is not JSON (single quotes, bare names, trailing commas, 01.5); a field
  // given twice, under either name; null in a list or a map; a lone value or a nested list for a list; strings for
  // booleans; a Timestamp as an object; -9223372036854775809, which Protobuf rounds; numbers in strings that JSON could
  // not write (inf, 0x1p3). Objects nest 32 deep at most.
  std::optional<ReadError> read_json(std::string_view json, google::protobuf::Message& message);

  // Exactly as strict as ParseFromString; the bytes are only walked a second time to name what is wrong. Fields that
  // the schema lacks are kept as unknown ones: an older server takes a newer client's command.
  std::optional<ReadError> read_protobuf(std::string_view bytes, google::protobuf::Message& message);

 private:
  std::unique_ptr<JsonReader> json_;
};

}  // namespace orderly::intake
