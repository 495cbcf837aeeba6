// Publisher on librdkafka: exactly once by Kafka transactions, or at least once by acknowledged sends.
// Threads: one at a time; interrupt() from any. Failures: kafka::Error. After `fatal` or `fenced` make a new one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/kafka/config.h"
#include "common/kafka/ownership.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"

struct rd_kafka_s;
struct rd_kafka_error_s;
struct rd_kafka_topic_s;

namespace orderly::kafka {

class ClientMetrics;
enum class Delivery { exactly_once, at_least_once };

class LibrdkafkaPublisher final : public Publisher {
 public:
  struct Options {
    Config overrides;              // bootstrap.servers and the user's settings
    std::string transactional_id;  // the one that fences earlier instances; unused with at_least_once
    std::string watermark_group;   // the consumer group whose offsets are the watermarks
    Delivery delivery = Delivery::exactly_once;
    std::shared_ptr<Owner> owner = {};  // exactly_once: start() waits for whoever else claims, and claims
    std::shared_ptr<ClientMetrics> metrics = nullptr;  // where the client tells its figures, if anywhere
  };
  LibrdkafkaPublisher(Options options, const log::Logger& log);
  ~LibrdkafkaPublisher() override;

  // With at_least_once every watermark is -1: the broker keeps none, the caller's own copy counts.
  std::vector<Position> start(std::span<const Position> of) override;
  void publish(std::span<const OutgoingMessage> messages, std::span<const Position> watermarks) override;

  bool topic_exists(std::string_view topic) override;
  void idle() override;
  void interrupt() override;
  void renew() override;
  void release() override;

 private:
  struct Callbacks;
  struct Destroy {
    void operator()(rd_kafka_s* client) const;
    void operator()(rd_kafka_topic_s* topic) const;
  };
  using Topic = std::unique_ptr<rd_kafka_topic_s, Destroy>;
  rd_kafka_topic_s* topic(std::string_view name);
  void produce(const OutgoingMessage& message);
  void flush();
  void begin(std::span<const Position> watermarks);
  void commit();
  std::unique_ptr<rd_kafka_s, Destroy> watermark_reader(const char* isolation_level);
  void settle_ownership();
  std::optional<Claim> read_claim(rd_kafka_s* client);
  void claim(bool released);
  void retry(const std::function<rd_kafka_error_s*()>& call);
  [[noreturn]] void abort_after(int code, const std::string& what);
  [[noreturn]] void give_up(rd_kafka_error_s* error);
  void abort_transaction(const std::string& reason);
  void check_interrupted() const;

  Options options_;
  std::unique_ptr<Callbacks> callbacks_;
  std::unique_ptr<rd_kafka_s, Destroy> client_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::mutex mutex_;  // for interrupt_ alone
  std::condition_variable interrupt_;
  std::atomic<bool> interrupted_ = false;
  std::int64_t next_beat_ = 0;
  std::chrono::steady_clock::time_point next_renewal_{};
};

}  // namespace orderly::kafka
