#include "intake/json_values.h"

#include <google/protobuf/util/time_util.h>

#include <cmath>
#include <concepts>
#include <limits>

namespace orderly::intake {
namespace {

using google::protobuf::Message;

template <class T>
void store(const Target& target, const FieldTable& field, T value) {
  const bool list = field.shape == FieldShape::list;
  const auto put = [&](auto set, auto add) {
    (target.reflection.*(list ? add : set))(&target.message, field.descriptor, value);
  };
  using R = google::protobuf::Reflection;
  if constexpr (std::same_as<T, bool>) put(&R::SetBool, &R::AddBool);
  if constexpr (std::same_as<T, std::int32_t>) put(&R::SetInt32, &R::AddInt32);
  if constexpr (std::same_as<T, std::int64_t>) put(&R::SetInt64, &R::AddInt64);
  if constexpr (std::same_as<T, std::uint32_t>) put(&R::SetUInt32, &R::AddUInt32);
  if constexpr (std::same_as<T, std::uint64_t>) put(&R::SetUInt64, &R::AddUInt64);
  if constexpr (std::same_as<T, float>) put(&R::SetFloat, &R::AddFloat);
  if constexpr (std::same_as<T, double>) put(&R::SetDouble, &R::AddDouble);
}

void store_text(const Target& target, const FieldTable& field, std::string text) {
  if (field.shape == FieldShape::list) {
    return target.reflection.AddString(&target.message, field.descriptor, std::move(text));
  }
  target.reflection.SetString(&target.message, field.descriptor, std::move(text));
}

// A number with a fraction part or an exponent that is whole all the same: 3.0, 1e3.
template <class Integer>
bool whole(double number, Integer& out) {
  const double least = static_cast<double>(std::numeric_limits<Integer>::min());
  const double beyond = std::ldexp(1.0, std::numeric_limits<Integer>::digits);
  if (!(number >= least && number < beyond) || std::trunc(number) != number) return false;
  out = static_cast<Integer>(number);
  return true;
}

template <class Integer>
bool fail_wanting_integer(Reading& reading, std::string_view token) {
  using Limits = std::numeric_limits<Integer>;
  return reading.fail_wanting(
      "must be a whole number between " + std::to_string(Limits::min()) + " and " + std::to_string(Limits::max()),
      token);
}

// In a string, or with a point or an exponent, or no integer at all. One that is only too large is not rounded to fit.
template <class Integer>
bool read_unusual_integer(ondemand::value& value, Reading& reading, Integer& out) {
  const std::string_view token = value.raw_json_token();
  double number = 0;
  if (token.front() == '"') {
    std::string_view text;
    if (!read_text(value, reading, text)) return false;
    if (const auto parsed = integer_from_text<Integer>(text)) return out = *parsed, true;
  } else if (trimmed(token) == "-0") {
    return out = 0, true;
  } else if (trimmed(token).find_first_of(".eE") != token.npos && value.get_double().get(number) == simdjson::SUCCESS &&
             whole(number, out)) {
    return true;
  }
  return fail_wanting_integer<Integer>(reading, token);
}

template <class Integer>
bool read_integer(ondemand::value& value, Reading& reading, Integer& out) {
  std::conditional_t<std::is_signed_v<Integer>, std::int64_t, std::uint64_t> number = 0;
  if (value.get(number) != simdjson::SUCCESS) return read_unusual_integer(value, reading, out);
  out = static_cast<Integer>(number);
  return out == number || fail_wanting_integer<Integer>(reading, value.raw_json_token());
}

// Protobuf rounds a whole number to the field's type at once, not by way of double.
template <class Float>
bool read_number(ondemand::value& value, Float& out) {
  std::int64_t whole_number = 0;
  std::uint64_t large = 0;
  double number = 0;
  if (value.get_int64().get(whole_number) == simdjson::SUCCESS) {
    out = static_cast<Float>(whole_number);
  } else if (value.get_uint64().get(large) == simdjson::SUCCESS) {
    out = static_cast<Float>(large);
  } else if (value.get_double().get(number) == simdjson::SUCCESS) {
    out = static_cast<Float>(number);
  } else {
    return false;
  }
  return std::isfinite(out);
}

template <class Float>
bool read_float(ondemand::value& value, Reading& reading, Float& out) {
  const std::string_view token = value.raw_json_token();
  if (token.front() == '"') {
    std::string_view text;
    if (!read_text(value, reading, text)) return false;
    const auto number = double_from_text(text);
    if (number && !(std::isfinite(*number) && std::abs(*number) > std::numeric_limits<Float>::max())) {
      return out = static_cast<Float>(*number), true;
    }
  } else if (read_number(value, out)) {
    return true;
  }
  return reading.fail_wanting(sizeof(Float) == 4 ? "must be a number of single precision" : "must be a number", token);
}

bool read_bool(ondemand::value& value, Reading& reading, bool& out) {
  const std::string_view token = value.raw_json_token();
  return value.get_bool().get(out) == simdjson::SUCCESS || reading.fail_wanting("must be true or false", token);
}

bool read_choice(ondemand::value& value, const Target& target, const FieldTable& field, Reading& reading) {
  const std::string_view token = value.raw_json_token();
  const auto& type = *field.descriptor->enum_type();
  std::int32_t number = 0;
  if (token.front() == '"') {
    std::string_view text;
    if (!read_text(value, reading, text)) return false;
    const auto* named = type.FindValueByName(std::string{text});
    if (const auto given = integer_from_text<std::int32_t>(text); !named && given)
      named = type.FindValueByNumber(*given);
    if (!named) return reading.fail_wanting("must be a value of " + type.full_name(), token);
    number = named->number();
  } else if (!read_integer(value, reading, number)) {
    return reading.fail_wanting("must be a value of " + type.full_name(), token);
  }
  const auto put = field.shape == FieldShape::list ? &google::protobuf::Reflection::AddEnumValue
                                                   : &google::protobuf::Reflection::SetEnumValue;
  return (target.reflection.*put)(&target.message, field.descriptor, number), true;
}

bool read_bytes(ondemand::value& value, const Target& target, const FieldTable& field, Reading& reading) {
  const std::string_view token = value.raw_json_token();
  std::string_view text;
  if (!read_text(value, reading, text)) return false;
  auto bytes = bytes_from_base64(text);
  if (!bytes) return reading.fail_wanting("must be base64", token);
  return store_text(target, field, *std::move(bytes)), true;
}

template <class T, class Read>
bool read_and_store(Read read, ondemand::value& value, const Target& target, const FieldTable& field,
                    Reading& reading) {
  T parsed{};
  if (!read(value, reading, parsed)) return false;
  return store(target, field, parsed), true;
}

template <class Integer>
bool store_key(std::string_view key, const Target& entry, const FieldTable& field, Reading& reading) {
  const auto number = integer_from_text<Integer>(key);
  if (!number) return reading.fail("must have whole numbers of its key's type for keys, got " + shown_name(key));
  return store(entry, field, *number), true;
}

}  // namespace

bool Reading::fail_wanting(std::string_view wanted, std::string_view token) {
  token = trimmed(token);
  const bool begins_a_value = !token.empty() && std::string_view{"{[\""}.find(token.front()) != token.npos;
  if (!begins_a_value && token != "true" && token != "false" && token != "null" && !is_json_number(token)) {
    return fail("is not valid JSON: where a value belongs stands " + shown(token));
  }
  return fail(std::string{wanted} + ", got " + shown(token));
}

bool read_text(ondemand::value& value, Reading& reading, std::string_view& text) {
  const std::string_view token = value.raw_json_token();
  if (token.front() != '"') return reading.fail_wanting("must be a string", token);
  if (reading.broken_in(token.data(), token.data() + token.size())) return false;
  if (value.get_string().get(text) != simdjson::SUCCESS) return reading.fail("holds an escape that is not JSON's");
  // simdjson 3.0 lets some lone surrogates pass: what was escaped, and only that, must be looked at again.
  const bool as_written = token.size() == text.size() + 2;
  if (!as_written && !simdjson::validate_utf8(text)) return reading.fail("holds half of a surrogate pair");
  return true;
}

bool read_scalar(ondemand::value& value, const Target& target, const FieldTable& field, Reading& reading) {
  switch (field.kind) {
    case FieldKind::text: {
      std::string_view text;
      if (!read_text(value, reading, text)) return false;
      return store_text(target, field, std::string{text}), true;
    }
    case FieldKind::int64:
      return read_and_store<std::int64_t>(read_integer<std::int64_t>, value, target, field, reading);
    case FieldKind::boolean:
      return read_and_store<bool>(read_bool, value, target, field, reading);
    case FieldKind::int32:
      return read_and_store<std::int32_t>(read_integer<std::int32_t>, value, target, field, reading);
    case FieldKind::uint32:
      return read_and_store<std::uint32_t>(read_integer<std::uint32_t>, value, target, field, reading);
    case FieldKind::uint64:
      return read_and_store<std::uint64_t>(read_integer<std::uint64_t>, value, target, field, reading);
    case FieldKind::float32:
      return read_and_store<float>(read_float<float>, value, target, field, reading);
    case FieldKind::float64:
      return read_and_store<double>(read_float<double>, value, target, field, reading);
    case FieldKind::choice:
      return read_choice(value, target, field, reading);
    case FieldKind::bytes:
      return read_bytes(value, target, field, reading);
    case FieldKind::message:
      break;
  }
  return reading.fail("is a message where a plain value was expected");
}

bool read_map_key(std::string_view key, const Target& entry, const FieldTable& field, Reading& reading) {
  switch (field.kind) {
    case FieldKind::int32:
      return store_key<std::int32_t>(key, entry, field, reading);
    case FieldKind::int64:
      return store_key<std::int64_t>(key, entry, field, reading);
    case FieldKind::uint32:
      return store_key<std::uint32_t>(key, entry, field, reading);
    case FieldKind::uint64:
      return store_key<std::uint64_t>(key, entry, field, reading);
    case FieldKind::boolean:
      if (key != "true" && key != "false") return reading.fail("must have true or false for keys");
      return store(entry, field, key == "true"), true;
    default:
      return store_text(entry, field, std::string{key}), true;
  }
}

bool read_timestamp(ondemand::value& value, Message& timestamp, Reading& reading) {
  const std::string_view token = value.raw_json_token();
  constexpr std::string_view wanted = "must be an RFC 3339 time such as 2026-01-31T12:00:00Z";
  if (token.front() != '"') return reading.fail_wanting(wanted, token);
  std::string_view text;
  google::protobuf::Timestamp parsed;
  if (!read_text(value, reading, text)) return false;
  if (!google::protobuf::util::TimeUtil::FromString(std::string{text}, &parsed)) {
    return reading.fail_wanting(wanted, token);
  }
  const auto& reflection = *timestamp.GetReflection();
  reflection.SetInt64(&timestamp, timestamp.GetDescriptor()->FindFieldByNumber(1), parsed.seconds());
  reflection.SetInt32(&timestamp, timestamp.GetDescriptor()->FindFieldByNumber(2), parsed.nanos());
  return true;
}

}  // namespace orderly::intake
