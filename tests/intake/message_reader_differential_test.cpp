// The reader beside Protobuf's own: 20,000 documents of every message type in proto/ and of one with every kind of
// field. What the reader takes, Protobuf takes, and the messages are equal. What it refuses, Protobuf refuses, but for
// the places that stricter_on_purpose lists.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <simdjson.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "domain/values.h"
#include "every_kind.h"
#include "intake/message_reader.h"
#include "json_generator.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using orderly::testing::JsonGenerator;
using Element = simdjson::dom::element;

constexpr std::size_t documents = 20'000;

std::vector<std::unique_ptr<Message>> all_messages() {
  std::vector<std::unique_ptr<Message>> all;
  for (const auto* file :
       {allocation::v1::Allocate::descriptor()->file(), ordering::v1::Money::descriptor()->file(),
        customer::v1::RecordOrder::descriptor()->file(), messaging::v1::CommandResult::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto* prototype =
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(file->message_type(i));
      all.emplace_back(prototype->New());
    }
  }
  for (int times = 0; times < 6; ++times) all.push_back(every_kind::make());  // it has as many fields as a whole file
  return all;
}

std::string serialized(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&out);
  out.Trim();
  return bytes;
}

bool stricter_on_purpose(Element element, const Descriptor& type);

// null in a list or in a map: the mapping's specification refuses it, Protobuf 3.21 leaves the element out.
// A list in a list: Protobuf 3.21 flattens it.
bool stricter_about_elements(Element value, const FieldDescriptor& field,
                             bool (*one)(Element, const FieldDescriptor&)) {
  if (simdjson::dom::object map; field.is_map() && value.get(map) == simdjson::SUCCESS) {
    for (const auto [key, entry] : map) {
      const FieldDescriptor& entry_value = *field.message_type()->field(1);
      const auto key_type = field.message_type()->field(0)->cpp_type();
      if (key_type == FieldDescriptor::CPPTYPE_BOOL && key != "true" && key != "false") return true;  // as for booleans
      if (entry.is_null() || one(entry, entry_value)) return true;
    }
  }
  if (simdjson::dom::array list; !field.is_map() && value.get(list) == simdjson::SUCCESS) {
    for (const Element entry : list) {
      if (entry.is_null() || entry.is_array() || one(entry, field)) return true;
    }
  }
  return false;
}

bool stricter_about_one(Element value, const FieldDescriptor& field) {
  // "yes", "t" and "1" are booleans for Protobuf 3.21; the specification and later versions know true and false alone.
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return value.is_string();
  if (!field.message_type()) return false;
  // {"seconds": 1} is a Timestamp for Protobuf 3.21; the specification says RFC 3339.
  if (field.message_type()->full_name() == "google.protobuf.Timestamp") return value.is_object();
  return stricter_on_purpose(value, *field.message_type());
}

bool stricter_on_purpose(Element element, const Descriptor& type) {
  simdjson::dom::object object;
  if (type.file()->package() == "google.protobuf" || element.get(object)) return false;
  std::set<const FieldDescriptor*> seen;
  for (const auto [name, value] : object) {
    const FieldDescriptor* field = nullptr;
    for (int i = 0; i < type.field_count(); ++i) {
      if (name == type.field(i)->name() || name == type.field(i)->json_name()) field = type.field(i);
    }
    // A nameless member of a list's element: Protobuf 3.21 takes it for a further element. It takes the last of
    // several.
    if (name.empty() || (field && !seen.insert(field).second)) return true;
    if (!field || value.is_null()) continue;
    // A lone value for a list of one: not in the specification.
    if (field->is_repeated() && !field->is_map() && !value.is_array()) return true;
    if (field->is_repeated() ? stricter_about_elements(value, *field, stricter_about_one)
                             : stricter_about_one(value, *field)) {
      return true;
    }
  }
  return false;
}

// simdjson's DOM refuses whole numbers beyond 64 bits, which JSON allows and fields of type double take.
bool has_big_integer(std::string_view json) {
  std::size_t run = 0;
  for (const char c : json) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    if (run == 19) return true;
  }
  return false;
}

struct Tally {
  std::size_t accepted = 0, refused = 0, stricter = 0;
};

void compare(const std::string& json, Message& ours, orderly::intake::MessageReader& reader, Tally& tally) {
  const std::unique_ptr<Message> theirs{ours.New()};
  const auto error = reader.read_json(json, ours);
  const bool they_accept = google::protobuf::util::JsonStringToMessage(json, theirs.get()).ok();
  simdjson::dom::parser parser;
  Element element;
  const bool is_json = parser.parse(simdjson::padded_string{json}).get(element) == simdjson::SUCCESS;
  INFO(ours.GetDescriptor()->full_name() << "\n" << json);
  if (!error) {
    ++tally.accepted;
    if (!(is_json || has_big_integer(json)) || !they_accept || serialized(ours) != serialized(*theirs))
      FAIL("accepted, but Protobuf differs");
    return;
  }
  ++tally.refused;
  if (error->reason.empty() || !orderly::domain::is_utf8(error->field + error->reason)) FAIL("a bad error");
  if (!they_accept) return;
  ++tally.stricter;
  if (is_json && !stricter_on_purpose(element, *ours.GetDescriptor())) FAIL(error->field << ": " << error->reason);
}

// Silences Protobuf's complaints about UTF-8 on standard error; later versions log by other means.
void silence_protobuf() {
#if GOOGLE_PROTOBUF_VERSION < 4022000
  google::protobuf::SetLogHandler(nullptr);
#endif
}

}  // namespace

TEST_CASE("JSON is taken and refused as by Protobuf's mapping", "[intake][property]") {
  const std::uint64_t seed = GENERATE(1u, 20101201u);
  JsonGenerator generator{seed};
  orderly::intake::MessageReader reader;
  const auto messages = all_messages();
  Tally valid, broken;
  for (std::size_t i = 0; i < documents / 2; ++i) {
    Message& message = *messages[i % messages.size()];
    const auto json = generator.object(*message.GetDescriptor());
    if (i % 3 != 0)
      compare(json, message, reader, valid);
    else
      compare(generator.mutated(json), message, reader, broken);
  }
  CAPTURE(seed, valid.accepted, valid.refused, valid.stricter, broken.accepted, broken.refused, broken.stricter);
  CHECK(valid.accepted > valid.refused);
  CHECK(valid.refused > documents / 20);
  CHECK(broken.refused > broken.accepted);
  CHECK(valid.stricter < valid.refused);
  CHECK(broken.accepted > documents / 200);
}

TEST_CASE("Binary messages are taken and refused as by ParseFromString", "[intake][property]") {
  silence_protobuf();
  JsonGenerator generator{7};
  orderly::intake::MessageReader reader;
  const auto messages = all_messages();
  std::size_t accepted = 0, named = 0, refused = 0;
  for (std::size_t i = 0; i < documents; ++i) {
    Message& message = *messages[i % messages.size()];
    std::string bytes;
    if (i % 2 == 0) {
      for (std::size_t left = generator.below(30); left > 0; --left) bytes += static_cast<char>(generator.below(256));
    } else {
      (void)google::protobuf::util::JsonStringToMessage(generator.object(*message.GetDescriptor()), &message);
      bytes = generator.mutated(serialized(message));
    }
    const std::unique_ptr<Message> theirs{message.New()};
    const auto error = reader.read_protobuf(bytes, message);
    if (theirs->ParseFromString(bytes) != !error) FAIL(message.GetTypeName() << (error ? ": " + error->reason : ""));
    if (!error) {
      if (serialized(message) != serialized(*theirs)) FAIL(message.GetTypeName());
      ++accepted;
      continue;
    }
    ++refused;
    named += !error->field.empty();
    if (error->reason.empty() || error->reason.starts_with("is not a valid"))
      FAIL(error->field << ": " << error->reason);
  }
  CAPTURE(accepted, refused, named);
  CHECK(accepted > documents / 10);
  CHECK(named > refused / 4);
}
