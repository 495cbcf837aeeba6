#include "read-service/message_json.h"

#include <algorithm>

#include "common/clock/rfc3339.h"
#include "common/http/uri.h"

namespace orderly::read {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void write_message(http::JsonWriter& json, const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    json.value(to_rfc3339(to_time(static_cast<const google::protobuf::Timestamp&>(message))));
  } else {
    write_json(json, message);
  }
}

void write_text(http::JsonWriter& json, const FieldDescriptor& field, const std::string& text) {
  json.value(field.type() == FieldDescriptor::TYPE_BYTES ? http::base64url_encode(text) : text);
}

// index: of an element of a repeated field.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor& field, int index = -1)
      : message_(message), field_(field), index_(index), reflection_(*message.GetReflection()) {}

  void write(http::JsonWriter& json) const {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return void(json.value(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32)));
      case FieldDescriptor::CPPTYPE_INT64:
        return void(json.value(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64)));
      case FieldDescriptor::CPPTYPE_UINT32:
        return void(json.value(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32)));
      case FieldDescriptor::CPPTYPE_UINT64:
        return void(json.value(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64)));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return void(json.value(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble)));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return void(json.value(double{get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat)}));
      case FieldDescriptor::CPPTYPE_BOOL:
        return void(json.value(get(&Reflection::GetBool, &Reflection::GetRepeatedBool)));
      case FieldDescriptor::CPPTYPE_ENUM:
        return void(json.value(get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)->name()));
      case FieldDescriptor::CPPTYPE_STRING:
        return write_text(json, field_, get(&Reflection::GetString, &Reflection::GetRepeatedString));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return write_message(json, index_ < 0 ? reflection_.GetMessage(message_, &field_)
                                              : reflection_.GetRepeatedMessage(message_, &field_, index_));
    }
  }

 private:
  template <class Type>
  Type get(Type (Reflection::*one)(const Message&, const FieldDescriptor*) const,
           Type (Reflection::*of_several)(const Message&, const FieldDescriptor*, int) const) const {
    return index_ < 0 ? (reflection_.*one)(message_, &field_) : (reflection_.*of_several)(message_, &field_, index_);
  }
  const Message& message_;
  const FieldDescriptor& field_;
  const int index_;
  const Reflection& reflection_;
};

}  // namespace

void write_json(http::JsonWriter& json, const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& descriptor = *message.GetDescriptor();
  json.begin_object();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto& field = *descriptor.field(i);
    if (field.has_presence() && !reflection.HasField(message, &field)) continue;
    json.key(field.name());
    if (field.is_repeated()) {
      json.begin_array();
      for (int at = 0; at < reflection.FieldSize(message, &field); ++at) Value{message, field, at}.write(json);
      json.end_array();
    } else {
      Value{message, field}.write(json);
    }
  }
  json.end_object();
}

Time to_time(const google::protobuf::Timestamp& timestamp) {
  constexpr std::int64_t first_second = -62'135'596'800, last_second = 253'402'300'799;  // years 1 to 9999
  const auto seconds = std::clamp(timestamp.seconds(), first_second, last_second);
  return Time{std::chrono::seconds{seconds} + std::chrono::milliseconds{timestamp.nanos() / 1'000'000}};
}

}  // namespace orderly::read
