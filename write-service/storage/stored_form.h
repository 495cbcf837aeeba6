// What the event codecs share: messages of stored_events.proto from and to bytes. Threads: any. Failures: as
// event_codec.h says.
#pragma once

#include <google/protobuf/message_lite.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/event_codec.h"

namespace orderly::storage {

template <class Message>
Message parse_stored(std::string_view data) {
  Message message;
  if (!message.ParseFromArray(data.data(), static_cast<int>(data.size()))) {
    throw std::runtime_error{"stored " + message.GetTypeName() + " cannot be read: the store is damaged"};
  }
  return message;
}

inline StoredForm stored_form(std::string_view type, const google::protobuf::MessageLite& message) {
  return {type, message.SerializeAsString()};
}

[[noreturn]] inline void unknown_stored_type(std::string_view type) {
  throw std::runtime_error{"stored event type " + std::string{type} +
                           " is unknown: the store was written by a newer version"};
}

}  // namespace orderly::storage
