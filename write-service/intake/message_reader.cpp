#include "intake/message_reader.h"

#include <limits>

#include "intake/json_reader.h"
#include "intake/protobuf_diagnosis.h"

namespace orderly::intake {

MessageReader::MessageReader() : json_(std::make_unique<JsonReader>()) {}
MessageReader::~MessageReader() = default;

std::optional<ReadError> MessageReader::read_json(std::string_view json, google::protobuf::Message& message) {
  auto error = json_->read(json, message);
  if (error) message.Clear();
  return error;
}

std::optional<ReadError> MessageReader::read_protobuf(std::string_view bytes, google::protobuf::Message& message) {
  if (bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::nullopt;
  }
  message.Clear();
  return diagnose_protobuf(bytes, *message.GetDescriptor());
}

}  // namespace orderly::intake
