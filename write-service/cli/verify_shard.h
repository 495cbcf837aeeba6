// `orderly verify --shard`: decides a shard's retained commands again in a store of its own and compares the two.
// Threads: one. Failures: OptionError; std::runtime_error where the topics no longer hold what it takes; kafka::Error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"
#include "common/options/options.h"

namespace orderly::cli {

struct VerifyShardOptions {
  std::int32_t shard = 0;
  std::string brokers, data, from;
  std::vector<std::string> kafka, allow, role;
  std::string command_auth, command_keys;
  std::int64_t payment_deadline_s = 0;

  void add_to(options::Parser& parser);
};

// The exit code: 0 where nothing differs.
int verify_shard(const VerifyShardOptions& options, bool json, Console& console);

}  // namespace orderly::cli
