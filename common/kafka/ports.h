// The two narrow ports to the broker. Everything above them runs unchanged on an in-memory broker.
// Threads: an object belongs to one thread at a time. Failures: Error; is_fatal() when only a new object helps.
#pragma once

#include <chrono>
#include <span>
#include <stdexcept>
#include <vector>

#include "common/kafka/message.h"

namespace orderly::kafka {

class Error : public std::runtime_error {
 public:
  enum class Kind {
    transient,       // try again: the broker is away, a time-out, a leader moves
    fatal,           // this client is finished: make a new one
    fenced,          // another instance with our transactional id has taken over
    offset_expired,  // the records at the stored position are gone (retention) or the topic was made anew
    too_large,       // the broker refuses a record for its size, whatever is tried
  };
  Error(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// Reads assigned partitions from given positions; nothing is committed to the broker but for lag monitors.
class MessageSource {
 public:
  virtual ~MessageSource() = default;

  // Replaces the assignment: reading goes on at these positions.
  virtual void assign(std::span<const Position> positions) = 0;

  // What is ready, at most `max_messages`; waits up to `timeout` for the first one, never for a second.
  // A batch must go before its source does: the client's end waits for what it has given out.
  virtual MessageBatch poll(std::size_t max_messages, std::chrono::milliseconds timeout) = 0;

  // How many messages the broker holds behind what was polled, as last heard, over all assigned partitions.
  virtual std::int64_t lag() const = 0;

  // Whether the end that each assigned partition had when it was met has been met since assign(). It may lie behind
  // transaction marks and records that are gone, which are never given. A reader that cannot tell says no.
  virtual bool has_met_ends() const { return false; }

  // Tells the broker how far the reader is, for whoever watches consumer groups; nothing ever starts from it, and
  // nothing waits for it.
  virtual void report_progress(std::span<const Position> /*positions*/) {}
};

// Publishes all or nothing.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Must come first, and again after an error that was fatal for the last object: fences earlier instances and settles
  // what they left open. Gives the committed watermarks for `of` (offset -1 where there is none yet).
  virtual std::vector<Position> start(std::span<const Position> of) = 0;

  // One transaction: every message in order, and the watermarks with them. Returns when all of it is committed.
  // After an Error none of it is visible, or the transaction's fate is unknown and start() tells it.
  virtual void publish(std::span<const OutgoingMessage> messages, std::span<const Position> watermarks) = 0;

  // For topics that a sender named. A message to one that is not there would hold up everything behind it.
  virtual bool topic_exists(std::string_view topic) = 0;

  // Now and then while there is nothing to publish: the client tells its figures.
  virtual void idle() {}

  // From any thread: makes a waiting start() or publish() throw a transient Error soon, for the program's end.
  virtual void interrupt() = 0;

  // Says once more that this publisher lives; called when nothing has been published for a while.
  virtual void renew() {}
  // Says that it ends in order, and that whoever comes next need not wait.
  virtual void release() {}
};

}  // namespace orderly::kafka
