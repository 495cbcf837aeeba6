#include "read-service/event_source.h"

#include "common/kafka/client_metrics.h"
#include "common/kafka/consumer.h"

namespace orderly::read {
namespace {

class KafkaEventSource final : public EventSource {
 public:
  KafkaEventSource(const kafka::Config& settings, const log::Logger& log, std::shared_ptr<kafka::ClientMetrics> metrics)
      : consumer_(settings, log, std::move(metrics)) {}
  kafka::MessageSource& records() override { return consumer_; }
  std::int32_t partition_count(const std::string& topic) override { return consumer_.partition_count(topic, timeout_); }
  std::int64_t end_offset(const std::string& topic, std::int32_t partition) override {
    return consumer_.end_offset(topic, partition, timeout_);
  }
  std::int64_t begin_offset(const std::string& topic, std::int32_t partition) override {
    return consumer_.begin_offset(topic, partition, timeout_);
  }

 private:
  static constexpr std::chrono::milliseconds timeout_{2'000};
  kafka::Consumer consumer_;
};

}  // namespace

OpenEventSource kafka_event_source(kafka::Config settings, prometheus::Registry& registry, const log::Logger& log) {
  settings["enable.partition.eof"] = "true";  // the only word of where a partition ends that counts transaction marks
  const auto metrics = std::make_shared<kafka::ClientMetrics>(registry, "events");
  return [settings = std::move(settings), log, metrics] {
    return std::make_unique<KafkaEventSource>(settings, log, metrics);
  };
}

}  // namespace orderly::read
