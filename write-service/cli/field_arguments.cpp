#include "cli/field_arguments.h"

#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <stdexcept>
#include <vector>

#include "cli/json_message.h"
#include "cli/text.h"

namespace orderly::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using rapidjson::Value;

struct Segment {
  std::string_view name;
  int index = -1;
};

// items[0].sku -> {items, 0}, {sku, -1}
std::vector<Segment> parse_path(std::string_view path) {
  std::vector<Segment> segments;
  for (std::string_view rest = path;;) {
    const auto dot = rest.find('.');
    const auto part = rest.substr(0, dot);
    Segment segment{part.substr(0, part.find('['))};
    if (segment.name.size() < part.size()) {
      const auto index = part.substr(segment.name.size());
      const auto [end, error] = std::from_chars(index.data() + 1, index.data() + index.size(), segment.index);
      if (error != std::errc{} || std::string_view{end, index.data() + index.size()} != "]" || segment.index < 0) {
        refuse({nullptr, path}, "an index is a number in brackets, such as items[0].sku");
      }
    }
    segments.push_back(segment);
    if (dot == std::string_view::npos) return segments;
    rest.remove_prefix(dot + 1);
  }
}

bool is_json(const FieldDescriptor& field, const Segment& segment) {
  if (field.is_repeated() && segment.index < 0) return true;
  return field.message_type() != nullptr && field.message_type() != google::protobuf::Timestamp::descriptor();
}

Value leaf(const FieldDescriptor& field, const Segment& segment, std::string_view text, rapidjson::Document& document,
           const FieldPath& at) {
  if (is_json(field, segment)) {
    try {
      return Value{parse_json(text), document.GetAllocator()};
    } catch (const std::invalid_argument& error) {
      refuse(at, error.what());
    }
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && (text == "true" || text == "false"))
    return Value{text == "true"};
  return Value{text.data(), static_cast<rapidjson::SizeType>(text.size()), document.GetAllocator()};
}

// The member's place, made where it is not there yet.
Value& member(Value& object, const FieldDescriptor& field, rapidjson::Document& document) {
  const auto found = object.FindMember(field.name().c_str());
  if (found != object.MemberEnd()) return found->value;
  object.AddMember(Value{field.name().c_str(), document.GetAllocator()}, Value{}, document.GetAllocator());
  return (object.MemberEnd() - 1)->value;
}

Value& element(Value& list, const Segment& segment, rapidjson::Document& document, const FieldPath& at) {
  if (list.IsNull()) list.SetArray();
  if (!list.IsArray()) refuse(at, "given twice");
  const auto index = static_cast<rapidjson::SizeType>(segment.index);
  if (index > list.Size()) refuse(at, "the one before it, [" + std::to_string(list.Size()) + "], is missing");
  if (index == list.Size()) list.PushBack(Value{}, document.GetAllocator());
  return list[index];
}

void assign(std::string_view path, std::string_view text, const Descriptor& root, rapidjson::Document& document) {
  const Descriptor* type = &root;
  Value* place = &document;
  const FieldPath at{nullptr, path};
  const auto segments = parse_path(path);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& segment = segments[i];
    const auto& field = field_named(*type, segment.name, at);
    if (segment.index >= 0 && !field.is_repeated()) refuse(at, field.name() + " is no list");
    place = &member(*place, field, document);
    if (segment.index >= 0) place = &element(*place, segment, document, at);
    if (i + 1 == segments.size()) {
      if (!place->IsNull()) refuse(at, "given twice");
      *place = leaf(field, segment, text, document, at);
      return;
    }
    if (field.is_repeated() && segment.index < 0)
      refuse(at, field.name() + " is a list: " + field.name() + "[0] is its first");
    type = field.message_type();
    if (type == nullptr) refuse(at, field.name() + " has no fields of its own");
    if (place->IsNull()) place->SetObject();
    if (!place->IsObject()) refuse(at, "given twice");
  }
}

}  // namespace

void read_arguments(std::span<const std::string> arguments, google::protobuf::Message& into) {
  rapidjson::Document document{rapidjson::kObjectType};
  for (const std::string_view argument : arguments) {
    const auto equals = argument.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      throw std::invalid_argument{"field=value wanted, got \"" + shortened(one_line(argument), 60) + '"'};
    }
    assign(argument.substr(0, equals), argument.substr(equals + 1), *into.GetDescriptor(), document);
  }
  read_object(document, into);
}

}  // namespace orderly::cli
