// Records' values and messages as text for people and programs. Threads: any.
// Failures: none; bytes that are not what their headers say come out as text or as a hex dump.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace orderly::cli {

enum class JsonLayout { one_line, indented };

// snake_case names; fields without presence that hold their default are given too. UTF-8 always.
std::string to_json(const google::protobuf::Message& message, JsonLayout layout);

// The text in quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

struct Payload {
  enum class Form { json, text, hex };
  Form form = Form::json;
  std::string text;
};

// `type` is a Protobuf full name that this program may know, `content_type` the record's header.
Payload describe_payload(std::string_view bytes, const std::string& type, std::string_view content_type,
                         JsonLayout layout);

}  // namespace orderly::cli
