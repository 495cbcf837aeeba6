#include "topics.h"

#include <algorithm>

namespace orderly::topics {
namespace {

constexpr std::string_view seven_days_ms = "604800000";
// Longer than command ids are remembered (7 days), so that a shard can be rebuilt from a backup and these.
constexpr std::string_view fourteen_days_ms = "1209600000";
constexpr std::string_view for_ever = "-1";  // views are rebuilt from the first event

Topic topic(std::string_view name, std::int32_t replication, std::string_view retention_ms) {
  return {std::string{name},
          {{"cleanup.policy", "delete"},
           {"retention.ms", std::string{retention_ms}},
           {"min.insync.replicas", replication >= 3 ? "2" : "1"}}};
}

}  // namespace

std::string_view commands_of(std::string_view type) {
  if (type.starts_with("allocation.v1.")) return allocation_commands;
  if (type.starts_with("ordering.v1.")) return ordering_commands;
  if (type.starts_with("customer.v1.")) return customer_commands;
  return {};
}

bool is_commands(std::string_view name) { return std::ranges::find(command_topics, name) != command_topics.end(); }

bool is_ours(std::string_view name) {
  constexpr std::array others{allocation_events, ordering_events, customer_events, command_results, dead_letters};
  return is_commands(name) || std::ranges::find(others, name) != others.end();
}

std::vector<Topic> all(std::int32_t replication) {
  std::vector<Topic> topics;
  for (const auto name : command_topics) topics.push_back(topic(name, replication, fourteen_days_ms));
  for (const auto name : {allocation_events, ordering_events, customer_events})
    topics.push_back(topic(name, replication, for_ever));
  topics.push_back(topic(command_results, replication, seven_days_ms));
  topics.push_back(topic(dead_letters, replication, for_ever));
  // A refused record of the largest size comes with headers of ours.
  topics.back().settings["max.message.bytes"] = "4194304";
  return topics;
}

}  // namespace orderly::topics
