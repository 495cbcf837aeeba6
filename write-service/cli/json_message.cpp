#include "cli/json_message.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>
#include <rapidjson/error/en.h>

#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "cli/command_types.h"
#include "cli/text.h"
#include "domain/values.h"

namespace orderly::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using rapidjson::Value;

std::string_view view(const Value& json) { return {json.GetString(), json.GetStringLength()}; }

std::string described(const Value& json) {
  if (json.IsString()) return '"' + shortened(one_line(view(json)), 60) + '"';
  if (json.IsObject()) return "an object";
  if (json.IsArray()) return "a list";
  if (json.IsBool()) return json.GetBool() ? "true" : "false";
  if (json.IsNull()) return "null";
  if (json.IsInt64()) return std::to_string(json.GetInt64());
  if (json.IsUint64()) return std::to_string(json.GetUint64());
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), json.GetDouble());
  return error == std::errc{} ? std::string{text.data(), end} : "a number";
}

[[noreturn]] void refuse_value(const FieldPath& at, const std::string& wanted, const Value& json) {
  refuse(at, wanted + " wanted, got " + described(json));
}

template <class Number>
Number from_text(const Value& json, const FieldPath& at, const std::string& wanted) {
  Number number{};
  const auto text = view(json);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) refuse_value(at, wanted, json);
  return number;
}

template <class Integer>
Integer to_integer(const Value& json, const FieldPath& at) {
  const std::string wanted = "a whole number from " + std::to_string(std::numeric_limits<Integer>::min()) + " to " +
                             std::to_string(std::numeric_limits<Integer>::max());
  if (json.IsString()) return from_text<Integer>(json, at, wanted);
  if (json.IsInt64() && std::in_range<Integer>(json.GetInt64())) return static_cast<Integer>(json.GetInt64());
  if (json.IsUint64() && std::in_range<Integer>(json.GetUint64())) return static_cast<Integer>(json.GetUint64());
  constexpr double exact = 9'007'199'254'740'992;  // 2^53: beyond it a double is no certain whole number
  if (json.IsDouble() && std::trunc(json.GetDouble()) == json.GetDouble() && std::abs(json.GetDouble()) <= exact) {
    const auto whole = static_cast<std::int64_t>(json.GetDouble());  // 3.0
    if (std::in_range<Integer>(whole)) return static_cast<Integer>(whole);
  }
  refuse_value(at, wanted, json);
}

double to_double(const Value& json, const FieldPath& at) {
  if (json.IsNumber()) return json.GetDouble();
  if (!json.IsString()) refuse_value(at, "a number", json);
  return from_text<double>(json, at, "a number");
}

bool to_bool(const Value& json, const FieldPath& at) {
  if (!json.IsBool()) refuse_value(at, "true or false", json);
  return json.GetBool();
}

std::string to_text(const Value& json, const FieldPath& at) {
  if (!json.IsString()) refuse_value(at, "text", json);
  if (!domain::is_utf8(view(json))) refuse_value(at, "UTF-8", json);
  return std::string{view(json)};
}

const google::protobuf::EnumValueDescriptor* to_enum(const FieldDescriptor& field, const Value& json,
                                                     const FieldPath& at) {
  const auto* value = json.IsString() ? field.enum_type()->FindValueByName(std::string{view(json)})
                      : json.IsInt()  ? field.enum_type()->FindValueByNumber(json.GetInt())
                                      : nullptr;
  if (value != nullptr) return value;
  std::vector<std::string> known;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) known.push_back(field.enum_type()->value(i)->name());
  refuse_value(at, "one of " + joined(known, ", "), json);
}

void read_message(const Value& json, Message& into, const FieldPath& at) {
  if (into.GetDescriptor() != google::protobuf::Timestamp::descriptor()) return read_object(json, into, at);
  constexpr auto* wanted = "a time such as 2026-01-31T12:00:00Z";
  google::protobuf::Timestamp time;
  if (!json.IsString() || !google::protobuf::util::TimeUtil::FromString(json.GetString(), &time))
    refuse_value(at, wanted, json);
  into.CopyFrom(time);
}

// One value: of the field itself, or appended when it is repeated.
void read_value(const Value& json, Message& into, const FieldDescriptor& field, const FieldPath& at) {
  const auto& message = *into.GetReflection();
  const auto put = [&](auto set, auto add, auto value) {
    if (field.is_repeated()) {
      (message.*add)(&into, &field, std::move(value));
    } else {
      (message.*set)(&into, &field, std::move(value));
    }
  };
  using R = google::protobuf::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&R::SetInt32, &R::AddInt32, to_integer<std::int32_t>(json, at));
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&R::SetInt64, &R::AddInt64, to_integer<std::int64_t>(json, at));
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&R::SetUInt32, &R::AddUInt32, to_integer<std::uint32_t>(json, at));
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&R::SetUInt64, &R::AddUInt64, to_integer<std::uint64_t>(json, at));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&R::SetDouble, &R::AddDouble, to_double(json, at));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&R::SetFloat, &R::AddFloat, static_cast<float>(to_double(json, at)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&R::SetBool, &R::AddBool, to_bool(json, at));
    case FieldDescriptor::CPPTYPE_ENUM:
      return put(&R::SetEnum, &R::AddEnum, to_enum(field, json, at));
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) refuse(at, "bytes cannot be given here");
      return put(&R::SetString, &R::AddString, to_text(json, at));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return read_message(
          json, *(field.is_repeated() ? message.AddMessage(&into, &field) : message.MutableMessage(&into, &field)), at);
  }
}

void read_field(const Value& json, Message& into, const FieldDescriptor& field, FieldPath at) {
  if (json.IsNull()) return;  // the mapping's word for "not given"
  if (field.is_map()) refuse(at, "a map cannot be given here");
  if (!field.is_repeated()) return read_value(json, into, field, at);
  if (!json.IsArray()) refuse_value(at, "a list", json);
  for (const auto& element : json.GetArray()) {
    ++at.index;
    read_value(element, into, field, at);
  }
}

}  // namespace

std::string FieldPath::text() const {
  std::string path = parent == nullptr ? "" : parent->text();
  if (!path.empty() && !name.empty()) path.append(1, '.');
  path.append(name);
  if (index >= 0) path.append(1, '[').append(std::to_string(index)).append(1, ']');
  return path;
}

void refuse(const FieldPath& at, const std::string& reason) {
  const auto path = shortened(one_line(at.text()), 80);
  throw std::invalid_argument{path.empty() ? reason : path + ": " + reason};
}

rapidjson::Document parse_json(std::string_view json) {
  rapidjson::Document document;
  constexpr unsigned flags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;
  document.Parse<flags>(json.data(), json.size());
  if (!document.HasParseError()) return document;
  throw std::invalid_argument{"no JSON at character " + std::to_string(document.GetErrorOffset() + 1) + ": " +
                              rapidjson::GetParseError_En(document.GetParseError())};
}

const FieldDescriptor& field_named(const Descriptor& type, std::string_view name, const FieldPath& at) {
  const std::string wanted{name};
  const auto* field = type.FindFieldByName(wanted);
  if (field == nullptr) field = type.FindFieldByCamelcaseName(wanted);
  if (field == nullptr) refuse(at, type.full_name() + " has no such field; its fields are " + field_names(type));
  return *field;
}

void read_object(const Value& json, Message& into, const FieldPath& at) {
  const auto& type = *into.GetDescriptor();
  if (!json.IsObject()) refuse_value(at, "an object with the fields " + field_names(type), json);
  std::vector<bool> given(static_cast<std::size_t>(type.field_count()));
  for (const auto& member : json.GetObject()) {
    const FieldPath here{&at, view(member.name)};
    const auto& field = field_named(type, here.name, here);
    const auto index = static_cast<std::size_t>(field.index());
    if (given[index]) refuse(here, "given twice");
    given[index] = true;
    read_field(member.value, into, field, here);
  }
}

}  // namespace orderly::cli
