// Carries committed chunks to Kafka, in order, as many as wait in one transaction, with their watermark in it: after
// any crash the broker's watermark says exactly what is out. A thread of its own calls step(), so that publishing
// overlaps with deciding; without it, whoever made the relay does. Threads: step() from one; everything else from any.
// Failures stay inside: the relay says so in trouble(), makes a new publisher, asks for the watermark and goes on
// behind it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/kafka/ports.h"
#include "common/log/log.h"
#include "outbox/outbox.h"

namespace orderly::intake {
class CommandKeys;
}

namespace orderly::outbox {

inline constexpr const char* watermark_group = "orderly-outbox";

struct RelayReport {                                 // one transaction, for metrics and tracing
  std::span<const kafka::OutgoingMessage> messages;  // for the call only
  std::chrono::steady_clock::duration waited{};      // the oldest of them, from its commit to the transaction's begin
  std::chrono::steady_clock::duration took{};
};

class OutboxRelay {
 public:
  struct Options {
    std::int32_t shard = 0;
    std::size_t max_queued_bytes = 64 * 1024 * 1024;
    std::size_t max_messages = 10'000;  // of one transaction, or the one chunk that has more
    // Between the beginnings of two transactions: each costs the broker and the client some milliseconds of CPU, whatever
    // is in it. After one that took longer there is a pause as long as it took. None waits that is full,
    // nor while the queue is half full.
    std::chrono::milliseconds least_interval{0};
    std::chrono::milliseconds drain_at_stop{3'000};
    // Given: commands that leave bear a write service's token. Made here, so that stores hold none and a replay with
    // another key comes to the same bytes.
    const intake::CommandKeys* keys = nullptr;  // outlives the relay
    bool own_thread = true;
  };
  using Chunks = std::vector<std::shared_ptr<const Chunk>>;
  using Watermarks = std::array<std::int64_t, topics::lanes.size()>;
  using MakePublisher = std::function<std::unique_ptr<kafka::Publisher>()>;

  // `waiting` is what the store still has to publish from the watermarks `published` on.
  OutboxRelay(const Options& options, MakePublisher make_publisher, Watermarks published, Chunks waiting,
              std::function<void(const RelayReport&)> report, const log::Logger& log);
  ~OutboxRelay();  // with a thread: publishes what is queued, for a few seconds at most

  // One transaction with what is queued, or an attempt at one; connects first where that is needed. Gives how long to
  // wait before the next, 0 unless it failed.
  std::chrono::milliseconds step();

  void push(const Chunks& chunks);
  // False when the queue is still full after the time: the shard should take nothing new.
  bool wait_for_room(std::chrono::milliseconds timeout);
  std::int64_t published(Lane lane) const { return published_[lane].load(); }
  std::size_t queued_bytes() const { return queued_bytes_.load(); }
  std::optional<std::string> trouble() const;

 private:
  void run();
  void connect();
  void release();
  void publish_next(kafka::Publisher& publisher);
  Chunks next_chunks();
  void append_messages(kafka::Publisher& publisher, const Chunk& chunk);
  bool is_to_vouch(const kafka::OutgoingMessage& message, std::size_t first_header) const;
  void vouch(kafka::OutgoingMessage message, std::size_t first_header);
  bool skip_reply(kafka::Publisher& publisher, const kafka::OutgoingMessage& message);
  void finish(const Chunks& done);
  void note_error(const std::exception& error);
  void note_at_it(bool at_it);
  bool is_worth_a_transaction() const;
  bool wait_for_work();

  const Options options_;
  const MakePublisher make_publisher_;
  const std::function<void(const RelayReport&)> report_;
  const log::Logger log_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Chunk>> queue_;
  std::size_t queued_messages_ = 0;
  bool stopping_ = false;
  bool gave_up_ = false;  // what is left stays for the next start; a publisher that was still being made is told so, too
  bool has_ended_ = false;
  std::optional<std::string> trouble_ = "the outbox relay is starting";
  std::optional<std::chrono::steady_clock::time_point> at_it_since_;  // a step that has not ended
  std::shared_ptr<kafka::Publisher> publisher_;  // guarded for interrupt(); used by the thread alone

  std::array<std::atomic<std::int64_t>, topics::lanes.size()> published_{};
  std::atomic<std::size_t> queued_bytes_ = 0;

  // Of step() alone.
  bool connected_ = false;
  std::vector<kafka::OutgoingMessage> messages_;
  std::vector<kafka::Header> headers_;
  std::vector<std::size_t> header_ends_;
  std::unordered_map<std::string, bool> reply_topics_;
  bool shorten_ = false;  // the broker refused a record for its size
  std::deque<std::string> shortened_sizes_;
  std::deque<std::string> tokens_;  // of messages_
  std::chrono::milliseconds back_off_{0};
  std::size_t most_messages_;  // of the next transaction: fewer after one that failed, a broker may be short of time
  std::chrono::steady_clock::time_point next_begin_{};
  std::jthread thread_;
};

}  // namespace orderly::outbox
