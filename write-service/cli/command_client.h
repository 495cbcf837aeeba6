// Sends commands as any good client does, and follows their results.
// Threads: one. Failures: kafka::Error.
#pragma once

#include <google/protobuf/message.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "common/kafka/consumer.h"
#include "common/kafka/publisher.h"
#include "messaging/v1/messaging.pb.h"

namespace orderly::cli {

struct OutgoingCommand {
  std::string id;
  std::string type;
  std::string aggregate_id;
  std::string payload;  // serialised Protobuf
};

class CommandSender {
 public:
  explicit CommandSender(const kafka::Config& config);
  // Returns when Kafka has them all.
  void send(const std::vector<OutgoingCommand>& commands);

 private:
  kafka::LibrdkafkaPublisher publisher_;
  std::int32_t partitions_;
};

// The results of commands sent after this object was made.
class ResultFollower {
 public:
  explicit ResultFollower(const kafka::Config& config);
  // What has come, waiting up to `timeout` for the first.
  std::vector<messaging::v1::CommandResult> poll(std::chrono::milliseconds timeout);

 private:
  kafka::Consumer consumer_;
};

}  // namespace orderly::cli
