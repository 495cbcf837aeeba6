#include "cli/result_listener.h"

#include <stdexcept>

#include "cli/broker_options.h"
#include "common/kafka/admin.h"
#include "topics.h"

namespace orderly::cli {
namespace {

constexpr std::size_t most_at_once = 10'000;

}  // namespace

ResultListener::ResultListener(const kafka::Config& config, const log::Logger& log) : consumer_(config, log) {
  const std::string topic{topics::command_results};
  const auto partitions = kafka::Admin{config, broker_timeout, log}.partition_count(topic);
  std::vector<kafka::Position> ends;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    ends.push_back({topic, partition, consumer_.end_offset(topic, partition, broker_timeout)});
  }
  consumer_.assign(ends);
}

void ResultListener::poll(std::chrono::milliseconds timeout, const std::function<bool(std::string_view)>& wanted,
                          const std::function<void(const messaging::v1::CommandResult&)>& on_result) {
  kafka::MessageBatch batch;
  try {
    batch = consumer_.poll(most_at_once, timeout);
  } catch (const kafka::Error& error) {
    if (error.kind() != kafka::Error::Kind::transient) throw;
    trouble_ = error.what();
    return;
  }
  if (!batch.messages.empty()) trouble_.clear();
  for (const auto& message : batch.messages) {
    if (!message.key || !wanted(*message.key)) continue;
    messaging::v1::CommandResult result;
    if (!result.ParseFromArray(message.value.data(), static_cast<int>(message.value.size()))) {
      throw std::runtime_error{"the result of " + std::string{*message.key} +
                               " cannot be read: another version wrote it"};
    }
    on_result(result);
  }
}

}  // namespace orderly::cli
