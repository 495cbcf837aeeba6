// MessageSource on librdkafka: partitions assigned by hand, transactions read committed, offsets kept by the caller.
// Threads: one at a time. Failures: kafka::Error; poll() throws a transient one for as long as no
// broker can be reached and nothing fetched is left, and goes on by itself afterwards.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "common/kafka/config.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"

struct rd_kafka_s;
struct rd_kafka_queue_s;

namespace orderly::kafka {

class ClientMetrics;

inline constexpr std::int64_t beginning = -2;  // as an offset: the first record that the broker still has

class Consumer final : public MessageSource {
 public:
  // `overrides` holds bootstrap.servers and the user's settings. With `metrics`, the client tells its figures there.
  Consumer(const Config& overrides, const log::Logger& log, std::shared_ptr<ClientMetrics> metrics = nullptr);
  ~Consumer() override;

  void assign(std::span<const Position> positions) override;
  MessageBatch poll(std::size_t max_messages, std::chrono::milliseconds timeout) override;
  std::int64_t lag() const override;
  bool has_met_ends() const override;                                  // only with enable.partition.eof
  void report_progress(std::span<const Position> positions) override;  // as offsets of the group `group.id`

  // Asks the broker; throws a transient Error when it does not answer in time or the topic is not there.
  std::int32_t partition_count(const std::string& topic, std::chrono::milliseconds timeout);

  // The offset after the last record of the partition, read committed ones or not.
  std::int64_t end_offset(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout);
  // Of the first record that the partition still holds, or the end where it holds none.
  std::int64_t begin_offset(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout);

 private:
  struct Callbacks;
  struct Destroy {
    void operator()(rd_kafka_s* client) const;
    void operator()(rd_kafka_queue_s* queue) const;
  };
  void check_broker();
  void note_end(std::string_view topic, std::int32_t partition);
  struct Range {
    std::int64_t begin = 0, end = 0;
  };
  Range offsets(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout);

  std::unique_ptr<Callbacks> callbacks_;
  std::unique_ptr<rd_kafka_s, Destroy> client_;
  std::unique_ptr<rd_kafka_queue_s, Destroy> queue_;
  std::vector<Position> next_;
  std::vector<bool> ends_met_;  // of each of them
  std::optional<Error> pending_error_;
  std::chrono::steady_clock::time_point next_check_;
};

}  // namespace orderly::kafka
