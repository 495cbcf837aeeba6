// Sends commands with an idempotent producer: acknowledged by all replicas, in order, and none twice by a retry.
// Threads: one; the delivery callback comes from within send() and flush(). Failures: kafka::Error when a topic or the
// brokers are not there at the start; later ones come one by one to the callback.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/outgoing_command.h"
#include "cli/signing.h"
#include "common/kafka/admin.h"
#include "common/kafka/config.h"
#include "common/log/log.h"

struct rd_kafka_s;

namespace orderly::cli {

struct Delivery {
  std::size_t tag = 0;  // as given to send()
  std::string error;    // empty: it is in the topic
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

class Sender {
 public:
  Sender(const kafka::Config& config, const log::Logger& log, std::function<void(const Delivery&)> on_delivery,
         Signer signer = {});
  ~Sender();

  // Waits while the client's queue is full. Chooses the partition as Java clients do, which is the aggregate's shard.
  void send(const OutgoingCommand& command, std::size_t tag);

  // Serves callbacks until then, for sending at a rate.
  void serve_until(std::chrono::steady_clock::time_point due);

  // Serves callbacks for that long; true when every delivery has been told.
  bool flush(std::chrono::milliseconds timeout);

 private:
  struct Client;
  std::int32_t partitions_of(const std::string& topic);

  Signer signer_;
  std::unique_ptr<Client> client_;
  std::map<std::string, kafka::KnownTopic> topics_;
};

}  // namespace orderly::cli
