#include "cli/outgoing_command.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "cli/field_arguments.h"
#include "cli/json_message.h"
#include "cli/text.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "topics.h"

namespace orderly::cli {
namespace {

void check_id(std::string_view id) {
  const bool ok = id.size() <= 64 && std::ranges::all_of(id, [](char c) { return c >= '!' && c <= '~'; });
  if (!ok)
    throw std::invalid_argument{"id: 1 to 64 printable ASCII characters wanted, got \"" + shortened(one_line(id), 60) +
                                '"'};
}

std::string text_of(const rapidjson::Value& json, std::string_view name) {
  if (!json.IsString()) throw std::invalid_argument{std::string{name} + ": text wanted"};
  return {json.GetString(), json.GetStringLength()};
}

struct Line {
  std::string type, id;
  const rapidjson::Value* data = nullptr;
};

Line read_line(const rapidjson::Value& json) {
  if (!json.IsObject()) throw std::invalid_argument{"an object with type, id and data wanted"};
  Line line;
  for (const auto& member : json.GetObject()) {
    const std::string_view name{member.name.GetString(), member.name.GetStringLength()};
    if (name == "type") {
      line.type = text_of(member.value, name);
    } else if (name == "id") {
      line.id = text_of(member.value, name);
      if (line.id.empty()) throw std::invalid_argument{"id: empty; leave it out for a new one"};
    } else if (name == "data") {
      line.data = &member.value;
    } else {
      throw std::invalid_argument{shortened(one_line(name), 60) + ": unknown; a line has type, id and data"};
    }
  }
  if (line.type.empty()) throw std::invalid_argument{"type: missing"};
  if (line.data == nullptr) throw std::invalid_argument{"data: missing"};
  return line;
}

}  // namespace

std::string IdSource::next(Time now) { return new_uuid_v7(now, random_); }

OutgoingCommand make_command(const CommandType& type, const google::protobuf::Message& message, std::string id,
                             IdSource& ids) {
  check_id(id);
  const Time now = SystemClock{}.now();
  if (id.empty()) id = ids.next(now);
  return {std::move(id),
          type.name(),
          std::string{topics::commands_of(type.name())},
          type.key(message),
          message.SerializeAsString(),
          to_rfc3339(now)};
}

OutgoingCommand command_from_words(std::span<const std::string> words, const std::string& id, IdSource& ids) {
  if (words.empty()) throw std::invalid_argument{"a command is missing: TYPE field=value ..., or --file FILE"};
  const auto& type = command_type(words.front());
  const std::unique_ptr<google::protobuf::Message> message{type.prototype->New()};
  read_arguments(words.subspan(1), *message);
  return make_command(type, *message, id, ids);
}

OutgoingCommand command_from_json(std::string_view line, IdSource& ids) {
  const auto json = parse_json(line);
  auto [type_name, id, data] = read_line(json);
  const auto& type = command_type(type_name);
  const std::unique_ptr<google::protobuf::Message> message{type.prototype->New()};
  read_object(*data, *message);
  return make_command(type, *message, std::move(id), ids);
}

}  // namespace orderly::cli
