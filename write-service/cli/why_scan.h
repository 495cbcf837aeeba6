// Finds the conversations that an id belongs to, over all topics and, where a data directory is given, the outboxes of
// its stores. Two passes at most, memory bounded by what is kept. Threads: one. Failures: kafka::Error; sqlite::Error.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "cli/why_record.h"
#include "common/kafka/config.h"
#include "common/log/log.h"

namespace orderly::cli {

struct WhyQuestion {
  std::string id;
  std::optional<Time> since;       // look at nothing older
  std::filesystem::path data;      // empty: none
  std::size_t conversations = 20;  // the newest
  std::size_t records = 10'000;
};

struct WhyAnswer {
  std::vector<WhyRecord> records;  // of all conversations found, in no certain order
  bool conversations_left_out = false, records_left_out = false;
};

// `on_progress`: which pass, how many records of how many.
WhyAnswer find_conversations(const kafka::Config& config, const log::Logger& log, const WhyQuestion& question,
                             const std::function<void(int, std::int64_t, std::int64_t)>& on_progress);

// When a UUIDv7 was made; nothing for any other id.
std::optional<Time> time_of_id(std::string_view id);

}  // namespace orderly::cli
