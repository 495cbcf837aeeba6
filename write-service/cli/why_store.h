// What the stores of a write service know of a conversation: what waits in their outboxes, and where its events lie.
// The service may be running. Threads: one. Failures: std::invalid_argument when the directory holds no store;
// sqlite::Error; std::runtime_error for bytes that make no sense.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "cli/why_record.h"

namespace orderly::cli {

// Every message that is not known to be out; its timestamp is that of its command.
void read_outboxes(const std::filesystem::path& data,
                   const std::function<void(const kafka::Message&, const OutboxPlace*)>& see);

// Sets the position of each event whose shard's store is there.
void locate_events(const std::filesystem::path& data, std::span<WhyRecord> records);

}  // namespace orderly::cli
