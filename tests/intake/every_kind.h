// A message type with a field of every kind, made at run time: the reader must not depend on generated code.
// Threads: any, once the first message is made. Failures: a schema that is wrong ends the test program.
#pragma once

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace every_kind {

using google::protobuf::DescriptorProto;
using Field = google::protobuf::FieldDescriptorProto;

inline Field& add(DescriptorProto& message, const char* name, int number, Field::Type type,
                  const char* type_name = "") {
  Field& field = *message.add_field();
  field.set_name(name);
  field.set_number(number);
  field.set_type(type);
  field.set_label(Field::LABEL_OPTIONAL);
  if (*type_name) field.set_type_name(type_name);
  return field;
}

inline void add_list(DescriptorProto& message, const char* name, int number, Field::Type type, const char* of = "") {
  add(message, name, number, type, of).set_label(Field::LABEL_REPEATED);
}

inline void add_map(DescriptorProto& message, const char* name, const char* entry_name, int number, Field::Type key,
                    Field::Type value, const char* value_name = "") {
  DescriptorProto& entry = *message.add_nested_type();
  entry.set_name(entry_name);
  entry.mutable_options()->set_map_entry(true);
  add(entry, "key", 1, key);
  add(entry, "value", 2, value, value_name);
  add_list(message, name, number, Field::TYPE_MESSAGE, (std::string{".every_kind.EveryKind."} + entry_name).c_str());
}

inline void add_single_fields(DescriptorProto& message) {
  add(message, "yes", 1, Field::TYPE_BOOL);
  add(message, "i32", 2, Field::TYPE_INT32);
  add(message, "i64", 3, Field::TYPE_INT64);
  add(message, "u32", 4, Field::TYPE_UINT32);
  add(message, "u64", 5, Field::TYPE_UINT64);
  add(message, "s64", 6, Field::TYPE_SINT64);
  add(message, "x32", 7, Field::TYPE_FIXED32);
  add(message, "f", 8, Field::TYPE_FLOAT);
  add(message, "d", 9, Field::TYPE_DOUBLE);
  add(message, "some_text", 10, Field::TYPE_STRING);
  add(message, "data", 11, Field::TYPE_BYTES);
  add(message, "kind", 12, Field::TYPE_ENUM, ".every_kind.Kind");
  add(message, "inner", 13, Field::TYPE_MESSAGE, ".every_kind.EveryKind");
  add(message, "wait", 50, Field::TYPE_MESSAGE, ".google.protobuf.Duration");
  add(message, "any_json", 51, Field::TYPE_MESSAGE, ".google.protobuf.Value");
  add(message, "struct_json", 52, Field::TYPE_MESSAGE, ".google.protobuf.Struct");
  add(message, "wrapped", 53, Field::TYPE_MESSAGE, ".google.protobuf.Int64Value");
  add(message, "at", 54, Field::TYPE_MESSAGE, ".google.protobuf.Timestamp");
  message.add_oneof_decl()->set_name("side");
  add(message, "left", 40, Field::TYPE_STRING).set_oneof_index(0);
  add(message, "right", 41, Field::TYPE_INT32).set_oneof_index(0);
  add(message, "middle", 42, Field::TYPE_MESSAGE, ".every_kind.EveryKind").set_oneof_index(0);
}

inline void add_lists_and_maps(DescriptorProto& message) {
  add_list(message, "numbers", 20, Field::TYPE_INT64);
  add_list(message, "words", 21, Field::TYPE_STRING);
  add_list(message, "kinds", 22, Field::TYPE_ENUM, ".every_kind.Kind");
  add_list(message, "inners", 23, Field::TYPE_MESSAGE, ".every_kind.EveryKind");
  add_list(message, "times", 24, Field::TYPE_MESSAGE, ".google.protobuf.Timestamp");
  add_list(message, "flags", 25, Field::TYPE_BOOL);
  add_list(message, "doubles", 26, Field::TYPE_DOUBLE);
  add_map(message, "names", "NamesEntry", 30, Field::TYPE_STRING, Field::TYPE_INT32);
  add_map(message, "by_number", "ByNumberEntry", 31, Field::TYPE_INT32, Field::TYPE_STRING);
  add_map(message, "by_flag", "ByFlagEntry", 32, Field::TYPE_BOOL, Field::TYPE_MESSAGE, ".every_kind.EveryKind");
}

struct Types {
  google::protobuf::DescriptorPool pool{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory{&pool};
  const google::protobuf::Descriptor* type = nullptr;

  Types() {
    google::protobuf::FileDescriptorProto file;
    file.set_name("every_kind.proto");
    file.set_syntax("proto3");
    file.set_package("every_kind");
    for (const auto* imported :
         {google::protobuf::Duration::descriptor(), google::protobuf::Value::descriptor(),
          google::protobuf::Timestamp::descriptor(), google::protobuf::Int64Value::descriptor()}) {
      file.add_dependency(imported->file()->name());
    }
    auto& kind = *file.add_enum_type();
    kind.set_name("Kind");
    for (const auto* name : {"A", "B"}) {
      auto& value = *kind.add_value();
      value.set_number(kind.value_size() - 1);
      value.set_name(name);
    }
    DescriptorProto& message = *file.add_message_type();
    message.set_name("EveryKind");
    add_single_fields(message);
    add_lists_and_maps(message);
    if (!pool.BuildFile(file)) std::abort();
    type = pool.FindMessageTypeByName("every_kind.EveryKind");
  }
};

inline std::unique_ptr<google::protobuf::Message> make() {
  static Types types;
  return std::unique_ptr<google::protobuf::Message>{types.factory.GetPrototype(types.type)->New()};
}

}  // namespace every_kind
