// What crosses Kafka: records as they come in (views into the client's memory, no copies) and as they go out.
// Threads: a MessageBatch and its views belong to the thread that polled it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::kafka {

struct Header {
  std::string_view name;
  std::string_view value;
};

// One record as it came. Views live as long as their batch.
struct Message {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;  // unix time, as the record says
  std::optional<std::string_view> key;
  std::string_view value;  // empty for a tombstone
  std::span<const Header> headers;

  // The last header of that name, as a sender that adds one means it; empty optional when there is none.
  std::optional<std::string_view> header(std::string_view name) const;
};

// Keeps alive what the messages point into.
class MessageBatch {
 public:
  struct Owner {
    virtual ~Owner() = default;
  };
  std::vector<Message> messages;
  std::unique_ptr<Owner> owner;
};

// One record to send; the views need to live for the call only.
struct OutgoingMessage {
  std::string_view topic;
  std::int32_t partition = 0;
  std::optional<std::string_view> key;
  std::string_view value;
  std::span<const Header> headers;
};

struct Position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;  // the next one to read
  friend bool operator==(const Position&, const Position&) = default;
};

// The partition that Java clients choose for this key: murmur2(key) mod partitions.
std::int32_t partition_for(std::string_view key, std::int32_t partitions);

}  // namespace orderly::kafka
