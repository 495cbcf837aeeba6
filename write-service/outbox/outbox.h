// What one unit of work wants to send, collected in order and lane by lane: events, results, commands, dead letters.
// Nothing leaves before its chunk is committed. Threads: the shard's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "intake/command.h"
#include "outbox/integration_events.h"
#include "outbox/own_commands.h"
#include "topics.h"

namespace orderly::outbox {

// The messages of one commit and lane, numbered from `sequence` on; the bytes are as outbox_entry.h says.
struct Chunk {
  Lane lane = 0;
  std::int64_t sequence = 0;
  std::int64_t count = 0;
  std::string messages;  // empty: they cannot be read any more, since they were out once (storage/outbox_seal.h)
  std::chrono::steady_clock::time_point committed = std::chrono::steady_clock::now();  // or read back, after a start
};

class Outbox {
 public:
  explicit Outbox(std::int32_t partitions) : partitions_(partitions) {}

  void event(const Envelope& cause, const IntegrationEvent& event, std::string_view aggregate_id, std::int64_t version,
             std::uint64_t number);
  // `result` is a serialised messaging.v1.CommandResult; it also goes to the command's reply-to.
  void result(const Envelope& command, std::string_view result, std::string_view aggregate_id);
  // A command of our own to the shard that owns its aggregate. Its id is derived from the cause's, the stream that
  // sends it and its number among what the cause leads to there: a sender that gives one id to two commands confuses
  // nobody.
  void command(const Envelope& cause, std::string_view stream, std::uint64_t number, const OwnCommand& command);
  // The same as an outbox entry, to be sent at `due` by scheduled().
  std::string later_command(const Envelope& cause, std::string_view stream, std::uint64_t number,
                            const OwnCommand& command, Time due);
  void scheduled(std::string_view entry);
  // One whose token is refused, to the shard that knows whether its id has an answer already; nobody vouches for it.
  void forward_unproved(const kafka::Message& record, const Envelope& envelope, std::int32_t partition);
  // A record that another shard owns, as it came; with `payload` in place of its own when that is given.
  void forward(const kafka::Message& record, const Envelope& envelope, std::int32_t partition,
               const std::string* payload = nullptr);
  // `parked_stream` is given when the command waits for an operator's word, and later ones of that stream behind it.
  void dead_letter(const kafka::Message& record, const Envelope& envelope, const Undecodable& why,
                   std::string_view parked_stream = {});

  struct Pending {
    std::int64_t count = 0;
    std::string messages;
  };
  std::array<Pending, topics::lanes.size()>& pending() { return pending_; }
  void clear();

 private:
  void add_trace(const Envelope& cause);
  void take_headers(const kafka::Message& record, const Envelope& envelope);
  kafka::OutgoingMessage own_message(const Envelope& cause, const OwnCommand& command, std::string_view id, Time time);
  void append(Lane lane, std::string_view topic, std::int32_t partition, std::optional<std::string_view> key,
              std::string_view value);
  const std::string& rfc3339(Time time);

  std::int32_t partitions_;
  std::vector<kafka::Header> headers_;  // of the message at hand; kept for its memory
  std::array<Pending, topics::lanes.size()> pending_;
  Time last_time_{};
  std::string last_time_text_;
};

}  // namespace orderly::outbox
