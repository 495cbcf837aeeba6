// What the bench needs from the broker besides records: fresh topics for every run, and when a topic is complete.
// Threads: any. Failures: std::runtime_error with the broker's words.
#pragma once

#include <cstdint>
#include <string>

namespace orderly::bench {

// All topics of the system anew and empty, stamped with the broker's time; and no watermark of an earlier run is left.
// With `keep_commands` the command topics stay as they are.
void reset_topics(const std::string& brokers, std::int32_t partitions, bool keep_commands);

// Asks four times a second until the topic ends at `at_least` or later and has stood still for `still_ms`.
// Gives its end, the sum of the partitions' (records, marks of transactions too); throws after `timeout_s`.
std::int64_t wait_for_end(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                          std::int64_t at_least, int still_ms, int timeout_s);

}  // namespace orderly::bench
