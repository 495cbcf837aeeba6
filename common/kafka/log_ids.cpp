#include "common/kafka/log_ids.h"

#include <algorithm>

namespace orderly::kafka {
namespace {

std::optional<std::string_view> id_in(const Message& record, std::string_view header) {
  const auto id = record.header(header);
  const bool fits =
      id && !id->empty() && id->size() <= 64 && std::ranges::all_of(*id, [](char c) { return c >= '!' && c <= '~'; });
  return fits ? id : std::nullopt;
}

}  // namespace

log::Logger with_ids(const log::Logger& log, const Message& record) {
  const bool is_command = record.topic.ends_with(".commands");
  auto named = log.with("record", std::string{record.topic} + '/' + std::to_string(record.partition) + '/' +
                                      std::to_string(record.offset));
  const auto id = id_in(record, "ce_id");
  const auto command = is_command ? id : id_in(record, "ce_causationid");
  const auto correlation = id_in(record, "ce_correlationid");
  if (id && !is_command) named = named.with("event_id", *id);
  if (command) named = named.with("command_id", *command);
  if (correlation || command) named = named.with("correlation_id", correlation ? *correlation : *command);
  return named;
}

}  // namespace orderly::kafka
