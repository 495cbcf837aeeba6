#include "cli/command_client.h"

#include "common/clock/rfc3339.h"
#include "topics.h"

namespace orderly::cli {
namespace {

using namespace std::chrono_literals;

std::int32_t count_partitions(const kafka::Config& config, std::string_view topic) {
  return kafka::Consumer{config, log::Logger::silent()}.partition_count(std::string{topic}, 10s);
}

}  // namespace

CommandSender::CommandSender(const kafka::Config& config)
    : publisher_({config, "", "", kafka::Delivery::at_least_once}, log::Logger::silent()),
      partitions_(count_partitions(config, topics::allocation_commands)) {}

void CommandSender::send(const std::vector<OutgoingCommand>& commands) {
  const std::string now = to_rfc3339(SystemClock{}.now());
  std::vector<std::vector<kafka::Header>> headers;
  std::vector<kafka::OutgoingMessage> messages;
  headers.reserve(commands.size());
  for (const auto& c : commands) {
    headers.push_back({{"ce_specversion", "1.0"}, {"ce_id", c.id}, {"ce_type", c.type}, {"ce_source", "/orderly/cli"},
                       {"ce_time", now}, {"ce_subject", c.aggregate_id}, {"content-type", "application/protobuf"}});
    messages.push_back({topics::commands_of(c.type), kafka::partition_for(c.aggregate_id, partitions_), c.aggregate_id, c.payload, headers.back()});
  }
  publisher_.publish(messages, {});
}

ResultFollower::ResultFollower(const kafka::Config& config) : consumer_(config, log::Logger::silent()) {
  const std::string topic{topics::command_results};
  std::vector<kafka::Position> ends;
  const auto partitions = consumer_.partition_count(topic, 10s);
  for (std::int32_t p = 0; p < partitions; ++p) ends.push_back({topic, p, consumer_.end_offset(topic, p, 10s)});
  consumer_.assign(ends);
}

std::vector<messaging::v1::CommandResult> ResultFollower::poll(std::chrono::milliseconds timeout) {
  std::vector<messaging::v1::CommandResult> results;
  const auto batch = consumer_.poll(5'000, timeout);
  for (const auto& record : batch.messages) {
    messaging::v1::CommandResult result;
    if (result.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) results.push_back(std::move(result));
  }
  return results;
}

}  // namespace orderly::cli
