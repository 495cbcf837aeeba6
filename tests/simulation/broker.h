// A broker in memory with what Kafka promises of transactions: records that only a commit makes visible, in logs that
// stop at the first open transaction; one producer a transactional id, older ones fenced by their epoch; watermarks
// that change with the commit; an abort after a time-out. Requests may arrive long after their sender has died.
// Threads: one. Failures: kafka::Error (fenced).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/kafka/ports.h"

namespace orderly::simulation {

struct Record {
  enum class State { open, committed, aborted, marker };

  std::optional<std::string> key = {};
  std::string value = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::int64_t timestamp_ms = 0;
  State state = State::committed;
  std::int64_t transaction = 0;  // that it came in; 0: in none

  std::string header(std::string_view name) const;  // empty: there is none
};

class Broker {
 public:
  using Log = std::vector<Record>;
  using Place = std::pair<std::string, std::int32_t>;

  explicit Broker(std::int32_t partitions) : partitions_(partitions) {}

  std::int32_t partitions() const { return partitions_; }
  const std::map<Place, Log>& logs() const { return logs_; }
  const Log& log(const Place& place) { return logs_[place]; }
  std::int64_t end(const Place& place) { return std::ssize(logs_[place]); }
  std::int64_t stable_end(const Place& place);  // of what a reader of committed records may see
  std::int64_t watermark(const Place& place) const;
  bool has_topic(std::string_view topic) const { return topic != missing_topic; }
  static constexpr std::string_view missing_topic = "nowhere";

  void produce(const Place& place, Record record) { logs_[place].push_back(std::move(record)); }

  // A producer of this id begins: what an older one left open is aborted, and it is fenced. Gives its epoch.
  int begin(const std::string& id);
  void append(const std::string& id, int epoch, const Place& place, Record record);
  void stage(const std::string& id, int epoch, std::span<const kafka::Position> watermarks);
  void commit(const std::string& id, int epoch);
  void abort(const std::string& id, int epoch);

  // The transactions that are open, and what becomes of one that stays so for too long: its producer is fenced.
  std::vector<std::string> open_transactions() const;
  void time_out(const std::string& id);

  // Requests on their way, in order, whose sender will not hear of them.
  using Request = std::function<void()>;
  void send_late(std::deque<Request> requests) { late_.push_back(std::move(requests)); }
  std::size_t late() const { return late_.size(); }
  // The next one of a sender's. False: it was refused, and the others with it.
  bool deliver_late(std::size_t which);

 private:
  struct Producer {
    int epoch = 0;
    std::vector<std::pair<Place, std::size_t>> records;  // of its open transaction
    std::vector<kafka::Position> watermarks;
    std::int64_t transaction = 0;
    bool is_open() const { return !records.empty() || !watermarks.empty(); }
  };
  Producer& producer(const std::string& id, int epoch);
  void end_transaction(Producer& producer, Record::State state);

  const std::int32_t partitions_;
  std::map<Place, Log> logs_;
  std::map<Place, std::int64_t> watermarks_;
  std::map<std::string, Producer> producers_;
  std::vector<std::deque<Request>> late_;
  std::int64_t transactions_ = 0;
};

}  // namespace orderly::simulation
