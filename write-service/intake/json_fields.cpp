#include "intake/json_fields.h"

namespace orderly::intake {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

FieldKind kind_of(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return FieldKind::boolean;
    case FieldDescriptor::CPPTYPE_INT32:
      return FieldKind::int32;
    case FieldDescriptor::CPPTYPE_INT64:
      return FieldKind::int64;
    case FieldDescriptor::CPPTYPE_UINT32:
      return FieldKind::uint32;
    case FieldDescriptor::CPPTYPE_UINT64:
      return FieldKind::uint64;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FieldKind::float32;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FieldKind::float64;
    case FieldDescriptor::CPPTYPE_ENUM:
      return FieldKind::choice;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FieldKind::message;
    case FieldDescriptor::CPPTYPE_STRING:
      break;
  }
  return field.type() == FieldDescriptor::TYPE_BYTES ? FieldKind::bytes : FieldKind::text;
}

FieldShape shape_of(const FieldDescriptor& field) {
  if (field.is_map()) return FieldShape::map;
  return field.is_repeated() ? FieldShape::list : FieldShape::single;
}

// Groups are proto2's; a NullValue, alone among the enums, is set by null.
bool is_odd(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_GROUP || (field.is_map() && is_odd(*field.message_type()->field(1))) ||
         (field.enum_type() && field.enum_type()->full_name() == "google.protobuf.NullValue");
}

JsonForm form_of(const Descriptor& type) {
  const std::string_view name = type.full_name();
  if (name == "google.protobuf.Timestamp") return JsonForm::timestamp;
  if (name == "google.protobuf.Value") return JsonForm::value;
  for (const auto* own :
       {"Any", "Duration", "FieldMask", "Struct", "ListValue", "DoubleValue", "FloatValue", "Int64Value", "UInt64Value",
        "Int32Value", "UInt32Value", "BoolValue", "StringValue", "BytesValue"}) {
    if (name == std::string{"google.protobuf."} + own) return JsonForm::by_mapping;
  }
  for (int i = 0; i < type.field_count(); ++i) {
    if (is_odd(*type.field(i))) return JsonForm::by_mapping;
  }
  return JsonForm::object;
}

}  // namespace

const MessageTable& MessageTables::of(const Descriptor& type) {
  if (latest_ && latest_->type == &type) return *latest_;
  auto& table = tables_[&type];
  if (table) return *(latest_ = table.get());
  table = std::make_unique<MessageTable>(MessageTable{&type, form_of(type), {}});
  MessageTable& made = *table;
  if (made.form == JsonForm::object) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const MessageTable* message = field.message_type() ? &of(*field.message_type()) : nullptr;
      made.fields.push_back({&field, field.real_containing_oneof(), message, field.name(), field.json_name(),
                             kind_of(field), shape_of(field)});
    }
  }
  return *(latest_ = &made);
}

}  // namespace orderly::intake
