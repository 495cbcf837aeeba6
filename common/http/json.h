// Writes one JSON document, escaped by RapidJSON; calls chain. Text must be UTF-8.
// Threads: one at a time. Failures: unbalanced calls are a programmer's error and assert.
//
//   JsonWriter json;
//   json.begin_object().member("sku", sku).member("quantity", 3).end_object();
//   return json.take();
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cassert>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

namespace orderly::http {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return writer_.StartObject(), *this; }
  JsonWriter& end_object() { return writer_.EndObject(), *this; }
  JsonWriter& begin_array() { return writer_.StartArray(), *this; }
  JsonWriter& end_array() { return writer_.EndArray(), *this; }
  JsonWriter& key(std::string_view name) { return writer_.Key(name.data(), size_of(name)), *this; }

  JsonWriter& value(std::string_view text) {
    return writer_.String(text.data() ? text.data() : "", size_of(text)), *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view{text}); }
  JsonWriter& value(std::same_as<bool> auto truth) { return writer_.Bool(truth), *this; }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) JsonWriter& value(Number number) {
    return writer_.Int64(static_cast<std::int64_t>(number)), *this;
  }
  JsonWriter& value(double number) { return writer_.Double(number), *this; }
  JsonWriter& null() { return writer_.Null(), *this; }

  // A document written elsewhere, as it is. Copied here: RapidJSON would take it character by character.
  JsonWriter& raw(std::string_view json) {
    writer_.RawValue("", 0, rapidjson::kObjectType);
    std::memcpy(buffer_.Push(json.size()), json.data(), json.size());
    return *this;
  }

  JsonWriter& member(std::string_view name, const auto& content) { return key(name).value(content); }
  JsonWriter& member_if_any(std::string_view name, std::string_view text) {
    return text.empty() ? *this : member(name, text);
  }

  std::string take() {
    assert(writer_.IsComplete());
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  static rapidjson::SizeType size_of(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace orderly::http
