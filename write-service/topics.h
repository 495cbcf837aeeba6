// The topics of the published interface, and how each is kept. THE place for their names. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::topics {

inline constexpr std::string_view allocation_commands = "allocation.commands";
inline constexpr std::string_view ordering_commands = "ordering.commands";
inline constexpr std::string_view customer_commands = "customer.commands";
inline constexpr std::string_view allocation_events = "allocation.events";
inline constexpr std::string_view ordering_events = "ordering.events";
inline constexpr std::string_view customer_events = "customer.events";
inline constexpr std::string_view command_results = "command.results";
inline constexpr std::string_view dead_letters = "dead-letters";

inline constexpr std::array command_topics{allocation_commands, ordering_commands, customer_commands};

// The ce_source of all that a write service sends.
inline constexpr std::string_view our_source = "/orderly/write-service";

// What a store numbers apart: a lane for each command topic, in their order, and one for what the shard's clock sends.
// Each lane's watermark is an offset in the name of its topic; the clock has no topic, and borrows one.
inline constexpr std::array lanes{allocation_commands, ordering_commands, customer_commands, command_results};
inline constexpr std::size_t clock_lane = 3;

// allocation.v1.Allocate -> allocation.commands; empty for a type of no package of ours.
std::string_view commands_of(std::string_view type);

bool is_commands(std::string_view topic);

// One of the eight.
bool is_ours(std::string_view topic);

struct Topic {
  std::string name;
  std::map<std::string, std::string> settings;  // the broker's, such as retention.ms
};

// All eight, with what the design needs of them.
std::vector<Topic> all(std::int32_t replication);

}  // namespace orderly::topics
