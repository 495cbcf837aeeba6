#include "intake/protobuf_diagnosis.h"

#include <google/protobuf/wire_format.h>

#include <map>

#include "domain/values.h"

namespace orderly::intake {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;

constexpr int max_depth = 100;  // Protobuf's own
enum WireType : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, group = 3, group_end = 4, fixed32 = 5 };

// Takes a varint of at most `longest` bytes off the front; what is wrong with it otherwise, or nullptr.
const char* take_varint(std::string_view& rest, std::size_t longest, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < longest; ++i) {
    if (i == rest.size()) return "is cut short";
    const auto byte = static_cast<unsigned char>(rest[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if (byte < 0x80) {
      rest.remove_prefix(i + 1);
      return nullptr;
    }
  }
  return "holds a number of too many bytes";
}

class Walk {
 public:
  // True: nothing wrong as far as it goes. `type` is null within what the schema does not know.
  bool message(std::string_view& rest, const Descriptor* type, int open_group);
  ReadError error;
  ReadError mismatch;  // the first field of a wire type that the schema does not give it

 private:
  bool field(std::string_view& rest, const FieldDescriptor* known, int number, std::uint32_t wire_type);
  bool value(std::string_view& rest, const FieldDescriptor* known, int number, std::uint32_t wire_type);
  bool delimited(std::string_view& rest, const FieldDescriptor* known);
  bool packed(std::string_view elements, const FieldDescriptor& known);
  bool fixed(std::string_view& rest, std::size_t size);
  bool fail(std::string reason) {
    error = {path_, std::move(reason)};
    return false;
  }

  std::string path_;
  int depth_ = 0;
};

bool fits(const FieldDescriptor& field, std::uint32_t wire_type) {
  return wire_type == static_cast<std::uint32_t>(WireFormat::WireTypeForFieldType(field.type())) ||
         (wire_type == WireType::bytes && field.is_packable());
}

bool Walk::message(std::string_view& rest, const Descriptor* type, int open_group) {
  if (++depth_ > max_depth) return fail("is nested deeper than " + std::to_string(max_depth) + " levels");
  std::map<int, int> elements;
  const auto outer = path_.size();
  while (!rest.empty()) {
    std::uint64_t tag = 0;
    if (const char* problem = take_varint(rest, 5, tag)) return fail(problem);
    const auto number = static_cast<int>((tag & 0xFFFFFFFFU) >> 3U);
    const auto wire_type = static_cast<std::uint32_t>(tag & 7U);
    if (number == 0) return fail("holds a field with the number 0");
    if (wire_type == WireType::group_end) {
      if (number == open_group) return --depth_, true;
      return fail("holds the end of a group that is not open");
    }
    const FieldDescriptor* known = type ? type->FindFieldByNumber(number) : nullptr;
    if (known) {
      path_ += (outer == 0 ? "" : ".") + known->name();
      if (known->is_repeated()) path_ += '[' + std::to_string(elements[number]++) + ']';
    }
    if (!field(rest, known, number, wire_type)) return false;
    path_.resize(outer);
  }
  --depth_;
  return open_group == 0 || fail("is cut short: a group has no end");
}

bool Walk::field(std::string_view& rest, const FieldDescriptor* known, int number, std::uint32_t wire_type) {
  if (!known || fits(*known, wire_type)) return value(rest, known, number, wire_type);
  if (mismatch.reason.empty()) {
    const auto wanted = static_cast<std::uint32_t>(WireFormat::WireTypeForFieldType(known->type()));
    mismatch = {path_, "has wire type " + std::to_string(wire_type) + " where a field of type " + known->type_name() +
                           " has " + std::to_string(wanted)};
  }
  return value(rest, nullptr, number, wire_type);
}

bool Walk::value(std::string_view& rest, const FieldDescriptor* known, int number, std::uint32_t wire_type) {
  switch (wire_type) {
    case WireType::varint: {
      std::uint64_t ignored = 0;
      const char* problem = take_varint(rest, 10, ignored);
      return problem == nullptr || fail(problem);
    }
    case WireType::fixed64:
      return fixed(rest, 8);
    case WireType::fixed32:
      return fixed(rest, 4);
    case WireType::bytes:
      return delimited(rest, known);
    case WireType::group:
      return message(rest, known ? known->message_type() : nullptr, number);
    default:
      return fail("has wire type " + std::to_string(wire_type) + ", which does not exist");
  }
}

bool Walk::fixed(std::string_view& rest, std::size_t size) {
  if (rest.size() < size) return fail("is cut short");
  rest.remove_prefix(size);
  return true;
}

bool Walk::delimited(std::string_view& rest, const FieldDescriptor* known) {
  std::uint64_t size = 0;
  if (const char* problem = take_varint(rest, 10, size)) return fail(problem);
  if (size > rest.size()) {
    return fail("is cut short: " + std::to_string(size) + " bytes are announced, " + std::to_string(rest.size()) +
                " are left");
  }
  auto content = rest.substr(0, static_cast<std::size_t>(size));
  rest.remove_prefix(content.size());
  if (!known) return true;
  if (known->type() == FieldDescriptor::TYPE_MESSAGE) return message(content, known->message_type(), 0);
  if (known->type() == FieldDescriptor::TYPE_STRING) return domain::is_utf8(content) || fail("is not valid UTF-8");
  return !known->is_packable() || packed(content, *known);
}

bool Walk::packed(std::string_view elements, const FieldDescriptor& known) {
  const auto wire_type = static_cast<std::uint32_t>(WireFormat::WireTypeForFieldType(known.type()));
  while (!elements.empty()) {
    if (!value(elements, nullptr, known.number(), wire_type)) return false;
  }
  return true;
}

}  // namespace

ReadError diagnose_protobuf(std::string_view bytes, const Descriptor& type) {
  Walk walk;
  const bool sound = walk.message(bytes, &type, 0);
  if (!sound && !walk.error.field.empty()) return walk.error;
  if (!walk.mismatch.reason.empty()) return walk.mismatch;
  return sound ? ReadError{"", "is not a valid " + type.full_name()} : walk.error;
}

}  // namespace orderly::intake
