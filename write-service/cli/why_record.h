// One record of a conversation: a command, a result, an event or a dead letter, as the topics hold it or as it still
// waits in a store's outbox. Owns its text. Threads: any. Failures: none; headers that are missing come out empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/clock/clock.h"
#include "common/kafka/message.h"

namespace orderly::cli {

// Where it waits to be published.
struct OutboxPlace {
  std::int32_t shard = 0;
  std::string lane;
  std::int64_t sequence = 0;
};

struct WhyRecord {
  enum class Kind { command, result, event, dead_letter };
  Kind kind = Kind::command;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Time time{};                       // the record's timestamp; of one that waits the time of its command
  std::optional<OutboxPlace> waits;  // not out yet
  std::string id, type, subject, correlation_id, causation_id, data;
  std::int64_t version = 0;                   // an event's
  std::string reason;                         // a dead letter's
  std::optional<std::int64_t> position = {};  // an event's, in its shard's store

  std::string place() const;  // topic/partition/offset
};

// What of a record is looked at before anything is copied; views into the message.
struct WhyHeaders {
  std::string_view id, correlation_id, causation_id, subject;
  std::string place;  // a command's id where it names none
};
WhyHeaders why_headers(const kafka::Message& message);

WhyRecord to_why_record(const kafka::Message& message, const WhyHeaders& headers);

// Whether the record itself, or what its message is about, goes by this name.
bool is_about(const kafka::Message& message, const WhyHeaders& headers, std::string_view name);

}  // namespace orderly::cli
