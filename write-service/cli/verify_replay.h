// A shard without its relay and its clock: decides records into a store of its own, as Shard does, and publishes
// nothing. Threads: one. Failures: sqlite::Error. A command whose handling throws is dead-lettered, as a shard does
// when it has tried often enough.
#pragma once

#include <filesystem>

#include "common/kafka/ports.h"
#include "common/log/log.h"
#include "handling/command_handler.h"
#include "storage/unit_of_work.h"

namespace orderly::cli {

class StoreReplay {
 public:
  // Goes on from what DIRECTORY/shard-N.db holds, or makes it.
  StoreReplay(const std::filesystem::path& directory, storage::ShardPlace place,
              const handling::CommandHandler::Options& handling);

  std::int64_t next_offset(Lane lane) const { return std::max<std::int64_t>(0, work_.lane(lane).next_offset); }

  // Records of the command topics, each partition in order. Those from `until` on, by lane, are passed over.
  using Offsets = std::array<std::int64_t, topics::command_topics.size()>;
  void take(const kafka::MessageBatch& batch, const Offsets& until);

 private:
  void take_alone(const kafka::Message& record);
  void handle(const kafka::Message& record, Lane lane);
  void commit();

  storage::UnitOfWork work_;
  handling::CommandHandler handler_;
};

// The lane of a command topic's name.
Lane lane_of(std::string_view topic);

}  // namespace orderly::cli
