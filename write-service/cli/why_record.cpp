#include "cli/why_record.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/payload.h"
#include "common/clock/rfc3339.h"
#include "topics.h"

namespace orderly::cli {
namespace {

std::string_view header(const kafka::Message& message, std::string_view name) {
  return message.header(name).value_or(std::string_view{});
}

std::string place_of(std::string_view topic, std::string_view partition, std::string_view offset) {
  return std::string{topic}.append(1, '/').append(partition).append(1, '/').append(offset);
}

WhyRecord::Kind kind_of(std::string_view topic) {
  if (topic == topics::command_results) return WhyRecord::Kind::result;
  if (topic == topics::dead_letters) return WhyRecord::Kind::dead_letter;
  const bool command = std::ranges::find(topics::command_topics, topic) != topics::command_topics.end();
  return command ? WhyRecord::Kind::command : WhyRecord::Kind::event;
}

// As the service reads it: what is no id stands for none.
std::string_view id_or_nothing(std::string_view text) {
  constexpr std::size_t most = 64;
  const bool is_id = text.size() <= most && std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~'; });
  return is_id ? text : std::string_view{};
}

std::string describe(const kafka::Message& message) {
  return describe_payload(message.value, std::string{header(message, "ce_type")}, header(message, "content-type"),
                          JsonLayout::one_line)
      .text;
}

}  // namespace

std::string WhyRecord::place() const { return place_of(topic, std::to_string(partition), std::to_string(offset)); }

WhyHeaders why_headers(const kafka::Message& message) {
  WhyHeaders headers{id_or_nothing(header(message, "ce_id")),
                     header(message, "ce_correlationid"),
                     header(message, "ce_causationid"),
                     header(message, "ce_subject"),
                     {}};
  if (headers.id.empty() && message.topic == topics::dead_letters) {
    headers.place =
        place_of(header(message, "dlq-topic"), header(message, "dlq-partition"), header(message, "dlq-offset"));
  } else if (headers.id.empty()) {
    headers.place = place_of(message.topic, std::to_string(message.partition), std::to_string(message.offset));
  }
  return headers;
}

WhyRecord to_why_record(const kafka::Message& message, const WhyHeaders& headers) {
  WhyRecord record{.kind = kind_of(message.topic),
                   .topic = std::string{message.topic},
                   .partition = message.partition,
                   .offset = message.offset,
                   .time = from_unix_ms(message.timestamp_ms),
                   .waits = {},
                   .id = headers.id.empty() ? headers.place : std::string{headers.id},
                   .type = std::string{header(message, "ce_type")},
                   .subject = std::string{headers.subject},
                   .correlation_id = std::string{headers.correlation_id},
                   .causation_id = std::string{headers.causation_id},
                   .data = describe(message),
                   .version = 0,
                   .reason = std::string{header(message, "dlq-reason")}};
  if (record.correlation_id.empty()) record.correlation_id = record.id;  // it began the conversation
  const auto version = header(message, "ce_streamversion");
  std::from_chars(version.data(), version.data() + version.size(), record.version);
  if (!record.reason.empty()) record.data = header(message, "dlq-detail");
  return record;
}

bool is_about(const kafka::Message& message, const WhyHeaders& headers, std::string_view name) {
  for (const auto text : {headers.id, headers.correlation_id, headers.causation_id, headers.subject,
                          std::string_view{headers.place}, message.key.value_or(std::string_view{})}) {
    if (text == name) return true;
  }
  if (message.value.find(name) == std::string_view::npos) return false;
  // Whose line, batch or order it is: an event of one aggregate may tell of another.
  const auto data = describe(message);
  const auto value = json_text(name);
  return std::ranges::any_of(
      std::array{"order_id", "batch_ref", "customer_id", "sku", "command_id"},
      [&](const char* field) { return data.find('"' + std::string{field} + "\":" + value) != std::string::npos; });
}

}  // namespace orderly::cli
