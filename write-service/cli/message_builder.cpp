#include "cli/message_builder.h"

#include <charconv>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "domain/values.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

[[noreturn]] void fail(const std::string& why) { throw std::invalid_argument{why}; }

const FieldDescriptor& field_of(const Message& message, const std::string& name) {
  const auto& descriptor = *message.GetDescriptor();
  if (const auto* field = descriptor.FindFieldByName(name)) return *field;
  std::string known;
  for (int i = 0; i < descriptor.field_count(); ++i) known += (i == 0 ? "" : ", ") + descriptor.field(i)->name();
  fail(name + ": " + descriptor.full_name() + " has no such field; it has " + known);
}

// "items[3]" -> "items", 3; "sku" -> "sku", -1
std::pair<std::string, int> split_index(const std::string& segment) {
  const auto bracket = segment.find('[');
  if (bracket == std::string::npos) return {segment, -1};
  int index = -1;
  const auto* from = segment.data() + bracket + 1;
  const auto [end, error] = std::from_chars(from, segment.data() + segment.size(), index);
  if (error != std::errc{} || index < 0 || index > 9'999 || std::string_view(end) != "]") fail(segment + ": an index such as [0] wanted");
  return {segment.substr(0, bracket), index};
}

// The message that a path's part stands for, made where it is not there yet.
Message& descend(Message& message, const std::string& segment) {
  const auto [name, index] = split_index(segment);
  const auto& field = field_of(message, name);
  if (field.message_type() == nullptr) fail(name + ": has no fields of its own");
  const auto& reflection = *message.GetReflection();
  if (!field.is_repeated()) return *reflection.MutableMessage(&message, &field);
  if (index < 0) fail(name + ": is a list; say " + name + "[0]");
  while (reflection.FieldSize(message, &field) <= index) reflection.AddMessage(&message, &field);
  return *reflection.MutableRepeatedMessage(&message, &field, index);
}

std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

bool is_text(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
}

}  // namespace

MessageBuilder::MessageBuilder()
    : commands_{allocation::v1::CreateBatch::descriptor(), allocation::v1::Allocate::descriptor(),
                allocation::v1::Deallocate::descriptor(),  allocation::v1::ChangeBatchQuantity::descriptor(),
                ordering::v1::CreateOrder::descriptor(),   ordering::v1::PayOrder::descriptor(),
                ordering::v1::ShipOrder::descriptor(),     ordering::v1::CancelOrder::descriptor(),
                customer::v1::RecordOrder::descriptor()} {}

std::unique_ptr<Message> MessageBuilder::make(const std::string& type) const {
  std::string known;
  for (const auto* descriptor : commands_) {
    if (descriptor->full_name() == type) {
      return std::unique_ptr<Message>{google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New()};
    }
    known += (known.empty() ? "" : ", ") + descriptor->full_name();
  }
  fail("no command type " + domain::quoted(type) + "; there are " + known);
}

void MessageBuilder::set(Message& message, const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) fail(domain::quoted(assignment) + ": field=value wanted");
  std::string path = assignment.substr(0, equals);
  const std::string value = assignment.substr(equals + 1), whole_path = path;
  Message* target = &message;
  for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.')) {
    target = &descend(*target, path.substr(0, dot));
    path.erase(0, dot + 1);
  }
  // One field is one small JSON object: then a value means here what it means in JSON, and errors are told alike.
  const auto& field = field_of(*target, path);
  const std::string json = is_text(field) && !field.is_repeated() ? quote(value) : value;
  const std::unique_ptr<Message> part{target->New()};
  if (const auto error = reader_.read_json('{' + quote(path) + ':' + json + '}', *part)) {
    fail(whole_path + ": " + error->reason);
  }
  target->MergeFrom(*part);
}

void MessageBuilder::fill(Message& message, std::string_view json) {
  if (const auto error = reader_.read_json(json, message)) fail((error->field.empty() ? "data" : error->field) + ": " + error->reason);
}

std::string MessageBuilder::aggregate_id(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  const char* names[] = {"sku", "order_id", "customer_id"};
  const bool of_allocation = descriptor.full_name().starts_with("allocation.");
  const bool of_ordering = descriptor.full_name().starts_with("ordering.");
  const auto* field = descriptor.FindFieldByName(names[of_allocation ? 0 : of_ordering ? 1 : 2]);
  std::string id = message.GetReflection()->GetString(message, field);
  // A batch's command may come without a sku; the write service finds it, so any key will do.
  if (id.empty() && of_allocation) {
    if (const auto* batch = descriptor.FindFieldByName("batch_ref")) id = message.GetReflection()->GetString(message, batch);
  }
  return id;
}

}  // namespace orderly::cli
