#include "cli/payload.h"

#include <google/protobuf/util/json_util.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "cli/json_message.h"
#include "cli/text.h"
#include "customer/v1/customer.pb.h"
#include "domain/values.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::cli {
namespace {

// By name among all messages of the published contract; the references keep the linker from leaving any file out.
std::unique_ptr<google::protobuf::Message> new_message(const std::string& type) {
  for (const auto* any : {allocation::v1::Allocate::descriptor(), ordering::v1::CreateOrder::descriptor(),
                          customer::v1::RecordOrder::descriptor(), messaging::v1::CommandResult::descriptor()}) {
    const auto* found = any->file()->pool()->FindMessageTypeByName(type);
    if (found == nullptr || found->file() != any->file()) continue;
    return std::unique_ptr<google::protobuf::Message>{
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(found)->New()};
  }
  return nullptr;
}

std::optional<std::string> decoded(std::string_view bytes, const std::string& type, JsonLayout layout) {
  const auto message = new_message(type);
  if (!message || !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return to_json(*message, layout);
}

std::optional<std::string> laid_out(std::string_view json, JsonLayout layout) try {
  const auto document = parse_json(json);
  rapidjson::StringBuffer buffer;
  if (layout == JsonLayout::one_line) {
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
    document.Accept(writer);
  } else {
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer{buffer};
    writer.SetIndent(' ', 1);
    document.Accept(writer);
  }
  return std::string{buffer.GetString(), buffer.GetSize()};
} catch (const std::invalid_argument&) {
  return std::nullopt;  // the value is shown as it came
}

}  // namespace

std::string to_json(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::indented;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) throw std::runtime_error{message.GetTypeName() + " has no JSON form: " + status.ToString()};
  while (json.ends_with('\n')) json.pop_back();
  return json;
}

std::string json_text(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = 1;
    while (size < 4 && at + size < text.size() && !domain::is_utf8(text.substr(at, size))) ++size;
    const auto character = text.substr(at, size);
    const bool ok = domain::is_utf8(character);
    clean.append(ok ? character : "\uFFFD");
    at += ok ? size : 1;
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
  writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

Payload describe_payload(std::string_view bytes, const std::string& type, std::string_view content_type,
                         JsonLayout layout) {
  const bool json = content_type.starts_with("application/json");
  if (auto text = json ? laid_out(bytes, layout) : decoded(bytes, type, layout))
    return {Payload::Form::json, *std::move(text)};
  if (is_readable(bytes)) return {Payload::Form::text, std::string{bytes}};
  return {Payload::Form::hex, hex_dump(bytes)};
}

}  // namespace orderly::cli
