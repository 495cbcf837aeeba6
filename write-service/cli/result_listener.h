// Hears the results of commands from the moment it is made, so make it before sending. Threads: one.
// Failures: kafka::Error when the brokers or command.results are not there at the start, or nothing can be read any
// more; while the brokers are away poll() gives nothing and trouble() the reason.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "common/kafka/consumer.h"
#include "messaging/v1/messaging.pb.h"

namespace orderly::cli {

class ResultListener {
 public:
  ResultListener(const kafka::Config& config, const log::Logger& log);

  // Asks `wanted` about the command id of each result that has come, and gives those that are to `on_result`.
  void poll(std::chrono::milliseconds timeout, const std::function<bool(std::string_view)>& wanted,
            const std::function<void(const messaging::v1::CommandResult&)>& on_result);

  const std::string& trouble() const { return trouble_; }

 private:
  kafka::Consumer consumer_;
  std::string trouble_;
};

}  // namespace orderly::cli
