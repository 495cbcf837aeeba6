// An event as the views get it: envelope and Protobuf message, decoded once for all of them.
// Threads: one decoder a thread; a batch and its events belong together. Failures: an event that cannot be read carries
// its flaw, so that the views which need it fail by name and the others go on.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock/clock.h"
#include "common/kafka/message.h"

namespace orderly::read {

// Its records are no events: what could not be handled, as it came. They are given as they are, without a type of ours.
inline constexpr std::string_view dead_letters_topic = "dead-letters";

// Views point into the batch that the event came with.
struct PublishedEvent {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view id, type, subject, correlation_id, causation_id, traceparent;
  std::int64_t stream_version = 0;                     // 0: the record names none
  std::optional<Time> time;                            // of the command's record that caused it
  std::string flaw;                                    // why it cannot be read; empty: it can
  const google::protobuf::Message* message = nullptr;  // null: a type that this program does not know
  const kafka::Message* record = nullptr;              // as it came
  bool is_event = true;                                // false: only the record is to be looked at

  // When it happened, or where the event does not say, when it was published.
  Time happened() const { return time ? *time : from_unix_ms(record->timestamp_ms); }

  template <class Message>
  const Message* as() const {
    const bool same = message != nullptr && message->GetDescriptor() == Message::descriptor();
    return same ? static_cast<const Message*>(message) : nullptr;
  }
};

// As a view keeps it: nothing where there is none.
inline std::optional<std::string_view> traceparent_of(const PublishedEvent& event) {
  return event.traceparent.empty() ? std::nullopt : std::optional{event.traceparent};
}

struct EventBatch {
  kafka::MessageBatch records;
  std::unique_ptr<google::protobuf::Arena> arena;
  std::vector<PublishedEvent> events;
  std::chrono::system_clock::time_point polled{};  // when it came
  std::chrono::steady_clock::duration decoding{};  // how long that took
};

class EventDecoder {
 public:
  EventDecoder();
  EventBatch decode(kafka::MessageBatch records);

 private:
  void parse(PublishedEvent& event, std::string_view value, google::protobuf::Arena& arena);
  const google::protobuf::Message* prototype(std::string_view type);
  std::map<std::string, const google::protobuf::Message*, std::less<>> prototypes_;  // null: unknown
};

}  // namespace orderly::read
