// One JSON value that is no object and no list into one field of a message.
// Threads: any, a Reading each. Failures: false, and the reading says why; the message's field is then as it was.
// What is taken for what follows Protobuf's JSON mapping; see message_reader.h for where it is stricter.
#pragma once

#include <google/protobuf/message.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <utility>

#include "intake/json_fields.h"
#include "intake/json_text.h"
#include "intake/message_reader.h"

namespace orderly::intake {

namespace ondemand = simdjson::ondemand;

// A message being filled. Its reflection is looked up once: that costs as much as setting a field.
struct Target {
  explicit Target(google::protobuf::Message& filled) : message(filled), reflection(*filled.GetReflection()) {}
  google::protobuf::Message& message;
  const google::protobuf::Reflection& reflection;
};

struct Reading {
  ReadError error;
  BrokenByte broken;     // set on the second pass over bytes that JSON cannot hold
  bool located = false;  // that pass has met the broken byte

  bool fail(std::string reason) {
    error = {"", std::move(reason)};
    return false;
  }
  bool fail_as_json(simdjson::error_code code) {
    return fail(std::string{"is not valid JSON: "} + simdjson::error_message(code));
  }
  bool fail_wanting(std::string_view wanted, std::string_view token);
  bool within(std::string_view step) {
    put_before(error.field, step);
    return false;
  }
  // Whether the broken byte is in this piece of the input; then the reading has failed.
  bool broken_in(const char* from, const char* to) {
    if (!broken.at || broken.at < from || broken.at >= to) return false;
    located = true;
    return !fail(broken.problem);
  }
};

// The view lives until the parser reads its next document.
bool read_text(ondemand::value& value, Reading& reading, std::string_view& text);

// Sets the field, or adds an element to a list. Kind and shape: anything but a message.
bool read_scalar(ondemand::value& value, const Target& target, const FieldTable& field, Reading& reading);

// A map's key, which JSON always writes as a string, into its entry.
bool read_map_key(std::string_view key, const Target& entry, const FieldTable& field, Reading& reading);

// An RFC 3339 time into a google.protobuf.Timestamp.
bool read_timestamp(ondemand::value& value, google::protobuf::Message& timestamp, Reading& reading);

}  // namespace orderly::intake
