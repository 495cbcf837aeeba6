#include "intake/json_reader.h"

#include <google/protobuf/util/json_util.h>

#include <cstring>
#include <unordered_set>

namespace orderly::intake {
namespace {

struct Match {
  const FieldTable* field = nullptr;
  std::string_view name;  // as the sender wrote it
};

// Senders keep to one order, mostly the schema's: the field after the last one is tried first.
Match find(const MessageTable& table, ondemand::raw_json_string name, std::size_t expected) {
  const auto count = table.fields.size();
  for (std::size_t tried = 0, i = expected; tried < count; ++tried, ++i) {
    if (i >= count) i = 0;
    const FieldTable& field = table.fields[i];
    if (name.unsafe_is_equal(field.name)) return {&field, field.name};
    if (name.unsafe_is_equal(field.json_name)) return {&field, field.json_name};
  }
  return {};
}

Match find(const MessageTable& table, std::string_view name) {
  for (const FieldTable& field : table.fields) {
    if (name == field.name || name == field.json_name) return {&field, name};
  }
  return {};
}

bool is_null(ondemand::value& value) {
  bool null = false;
  return value.raw_json_token().front() == 'n' && value.is_null().get(null) == simdjson::SUCCESS && null;
}

bool means_absent(ondemand::value& value, const FieldTable& field) {
  const bool takes_null =
      field.kind == FieldKind::message && field.shape == FieldShape::single && field.message->form == JsonForm::value;
  return !takes_null && is_null(value);
}

bool is_broken(simdjson::error_code error) {
  return error == simdjson::UTF8_ERROR || error == simdjson::UNESCAPED_CHARS;
}

}  // namespace

std::optional<ReadError> JsonReader::read(std::string_view json, Message& message) {
  const std::size_t needed = json.size() + simdjson::SIMDJSON_PADDING;
  if (padded_.size() < needed) padded_.resize(needed);
  if (!json.empty()) std::memcpy(padded_.data(), json.data(), json.size());
  std::memset(padded_.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);
  reading_ = {};
  if (read_document(json.size(), message)) return std::nullopt;
  if (reading_.broken.problem) return locate_broken_byte(json.size(), message);
  return std::move(reading_.error);
}

bool JsonReader::read_document(std::size_t size, Message& message) {
  message.Clear();
  seen_.clear();
  depth_ = 0;
  ondemand::document document;
  const auto error = parser_.iterate(padded_.data(), size, padded_.size()).get(document);
  if (error == simdjson::EMPTY) return reading_.fail("must be a JSON object, got nothing");
  if (is_broken(error) && !reading_.broken.at) {
    reading_.broken.problem = "is not valid UTF-8";
    return false;
  }
  if (error) return reading_.fail_as_json(error);
  return read_root(document, size, message);
}

// The second pass: with the broken bytes replaced, the document can be read as far as the first of them.
std::optional<ReadError> JsonReader::locate_broken_byte(std::size_t size, Message& message) {
  reading_ = {};
  reading_.broken = replace_broken_bytes(padded_, size);
  read_document(size, message);
  if (reading_.located) return std::move(reading_.error);
  return ReadError{"", reading_.broken.problem ? reading_.broken.problem : "is not valid JSON"};
}

bool JsonReader::read_root(ondemand::document& document, std::size_t size, Message& message) {
  const MessageTable& table = tables_.of(*message.GetDescriptor());
  if (table.form != JsonForm::object) {
    return google::protobuf::util::JsonStringToMessage(padded_.substr(0, size), &message).ok() ||
           reading_.fail("is not a valid " + table.type->full_name());
  }
  ondemand::object object;
  const auto error = document.get_object().get(object);
  if (error == simdjson::INCORRECT_TYPE) {
    return reading_.fail_wanting("must be a JSON object", padded_.c_str() + padded_.find_first_not_of(" \t\r\n"));
  }
  if (error) return reading_.fail_as_json(error);
  if (!read_object(object, Target{message}, table)) return false;
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end || reading_.fail("is not valid JSON: something follows the object");
}

bool JsonReader::read_object(ondemand::object& object, const Target& target, const MessageTable& table) {
  if (depth_ == max_json_depth) {
    return reading_.fail("is nested deeper than " + std::to_string(max_json_depth) + " levels");
  }
  ++depth_;
  const auto outer = seen_.size();
  seen_.resize(outer + table.fields.size());
  std::size_t expected = 0;
  for (auto next : object) {
    if (next.error()) return reading_.fail_as_json(next.error());
    ondemand::field&& member = std::move(next).value_unsafe();  // in place: a copy of it costs as much as reading it
    if (!read_member(member, target, table, expected)) return false;
  }
  seen_.resize(outer);
  --depth_;
  return true;
}

bool JsonReader::read_member(ondemand::field& member, const Target& target, const MessageTable& table,
                             std::size_t& expected) {
  if (reading_.broken_in(member.key().raw(), member.value().raw_json_token().data())) return false;
  Match match = find(table, member.key(), expected);
  if (!match.field) {
    std::string_view name;
    if (member.unescaped_key().get(name)) return reading_.fail("has a name with an escape that is not JSON's");
    if (name.empty()) return reading_.fail("has a field without a name");
    match = find(table, name);
    if (!match.field) return reading_.fail("unknown field") || reading_.within(shown_name(name));
  }
  const auto index = static_cast<std::size_t>(match.field - table.fields.data());
  expected = index + 1;
  auto& seen = seen_[seen_.size() - table.fields.size() + index];
  if (seen++) return reading_.fail("given twice") || reading_.within(match.name);
  return read_field(member.value(), target, *match.field) || reading_.within(match.name);
}

bool JsonReader::read_field(ondemand::value& value, const Target& target, const FieldTable& field) {
  if (means_absent(value, field)) return true;
  if (field.oneof && target.reflection.HasOneof(target.message, field.oneof)) {
    const auto* other = target.reflection.GetOneofFieldDescriptor(target.message, field.oneof);
    return reading_.fail("cannot be given beside " + other->name());
  }
  switch (field.shape) {
    case FieldShape::list:
      return read_list(value, target, field);
    case FieldShape::map:
      return read_map(value, target, field);
    case FieldShape::single:
      break;
  }
  return read_element(value, target, field);
}

bool JsonReader::read_element(ondemand::value& value, const Target& target, const FieldTable& field) {
  if (field.kind != FieldKind::message) return read_scalar(value, target, field, reading_);
  Message& part = field.shape == FieldShape::list
                      ? *target.reflection.AddMessage(&target.message, field.descriptor)
                      : *target.reflection.MutableMessage(&target.message, field.descriptor);
  return read_message(value, part, *field.message);
}

bool JsonReader::read_list(ondemand::value& value, const Target& target, const FieldTable& field) {
  const std::string_view token = value.raw_json_token();
  ondemand::array array;
  if (value.get_array().get(array)) return reading_.fail_wanting("must be a list", token);
  std::size_t index = 0;
  for (auto next : array) {
    if (next.error()) return reading_.fail_as_json(next.error());
    ondemand::value element = next.value_unsafe();
    const bool takes_null = field.kind == FieldKind::message && field.message->form == JsonForm::value;
    const bool read = !takes_null && is_null(element) ? reading_.fail("must not be null in a list")
                                                      : read_element(element, target, field);
    if (!read) return reading_.within("[" + std::to_string(index) + "]");
    ++index;
  }
  return true;
}

bool JsonReader::read_map(ondemand::value& value, const Target& target, const FieldTable& field) {
  const std::string_view token = value.raw_json_token();
  ondemand::object object;
  if (value.get_object().get(object)) return reading_.fail_wanting("must be an object", token);
  std::unordered_set<std::string_view> keys;
  for (auto next : object) {
    if (next.error()) return reading_.fail_as_json(next.error());
    ondemand::field&& member = std::move(next).value_unsafe();
    if (reading_.broken_in(member.key().raw(), member.value().raw_json_token().data())) return false;
    std::string_view key;
    if (member.unescaped_key().get(key)) return reading_.fail("has a name with an escape that is not JSON's");
    if (!simdjson::validate_utf8(key)) return reading_.fail("has a name with half of a surrogate pair");
    if (!keys.insert(key).second) return reading_.fail("given twice") || reading_.within(shown_name(key));
    const Target entry{*target.reflection.AddMessage(&target.message, field.descriptor)};
    if (!read_entry(member.value(), key, entry, *field.message)) return reading_.within(shown_name(key));
  }
  return true;
}

bool JsonReader::read_entry(ondemand::value& value, std::string_view key, const Target& entry,
                            const MessageTable& table) {
  if (!read_map_key(key, entry, table.fields[0], reading_)) return false;
  const FieldTable& field = table.fields[1];
  if (means_absent(value, field)) return reading_.fail("must not be null in a map");
  return read_element(value, entry, field);
}

bool JsonReader::read_message(ondemand::value& value, Message& message, const MessageTable& table) {
  if (table.form == JsonForm::timestamp) return read_timestamp(value, message, reading_);
  if (table.form != JsonForm::object) return read_by_mapping(value, message);
  const std::string_view token = value.raw_json_token();
  ondemand::object object;
  if (value.get_object().get(object)) return reading_.fail_wanting("must be an object", token);
  return read_object(object, Target{message}, table);
}

bool JsonReader::read_by_mapping(ondemand::value& value, Message& message) {
  std::string_view text = trimmed(value.raw_json_token());
  ondemand::object object;
  ondemand::array array;
  if (text.front() == '{') {
    if (value.get_object().get(object) || object.raw_json().get(text)) return reading_.fail("is not valid JSON");
  } else if (text.front() == '[') {
    if (value.get_array().get(array) || array.raw_json().get(text)) return reading_.fail("is not valid JSON");
  }
  if (reading_.broken_in(text.data(), text.data() + text.size())) return false;
  return google::protobuf::util::JsonStringToMessage(std::string{text}, &message).ok() ||
         reading_.fail_wanting("must be a " + message.GetDescriptor()->full_name(), text);
}

}  // namespace orderly::intake
