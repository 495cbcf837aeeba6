#include "cli/command_file.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <stdexcept>

#include "common/id/id.h"

namespace orderly::cli {
namespace {

std::string text_of(const rapidjson::Document& line, const char* name) {
  const auto found = line.FindMember(name);
  if (found == line.MemberEnd()) return "";
  if (!found->value.IsString()) throw std::invalid_argument{std::string{name} + ": must be a string"};
  return {found->value.GetString(), found->value.GetStringLength()};
}

}  // namespace

std::optional<std::expected<OutgoingCommand, BrokenLine>> CommandFile::next() {
  std::string line;
  while (std::getline(*in_, line)) {
    ++number_;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      return parse(line);
    } catch (const std::invalid_argument& error) {
      return std::unexpected{BrokenLine{number_, error.what()}};
    }
  }
  return std::nullopt;
}

OutgoingCommand CommandFile::parse(const std::string& line) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseFullPrecisionFlag>(line.data(), line.size());
  if (document.HasParseError()) {
    throw std::invalid_argument{std::string{"not JSON: "} + rapidjson::GetParseError_En(document.GetParseError())};
  }
  if (!document.IsObject()) throw std::invalid_argument{"not a JSON object"};
  for (const auto& member : document.GetObject()) {
    const std::string name = member.name.GetString();
    if (name != "type" && name != "id" && name != "data") throw std::invalid_argument{name + ": unknown; type, id and data are known"};
  }
  OutgoingCommand command{text_of(document, "id"), text_of(document, "type"), {}, {}};
  if (command.type.empty()) throw std::invalid_argument{"type: missing"};
  const auto message = builder_->make(command.type);
  const auto data = document.FindMember("data");
  if (data == document.MemberEnd() || !data->value.IsObject()) throw std::invalid_argument{"data: missing, or not an object"};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer writer{buffer};
  data->value.Accept(writer);
  builder_->fill(*message, {buffer.GetString(), buffer.GetSize()});
  if (command.id.empty()) command.id = new_uuid_v7(SystemClock{}.now(), random_);
  command.aggregate_id = MessageBuilder::aggregate_id(*message);
  command.payload = message->SerializeAsString();
  return command;
}

}  // namespace orderly::cli
