#include "cli/verify_replay.h"

#include <algorithm>

namespace orderly::cli {

Lane lane_of(std::string_view topic) {
  return static_cast<Lane>(std::ranges::find(topics::command_topics, topic) - topics::command_topics.begin());
}

StoreReplay::StoreReplay(const std::filesystem::path& directory, storage::ShardPlace place,
                         const handling::CommandHandler::Options& handling)
    : work_(directory, place, {}),
      handler_(
          work_, handling, [](const auto&, const auto&) {}, log::Logger::silent()) {
  work_.database().execute("PRAGMA synchronous = OFF");  // it is thrown away
}

void StoreReplay::take(const kafka::MessageBatch& batch, const Offsets& until) {
  std::vector<const kafka::Message*> records;
  for (const auto& record : batch.messages) {
    const auto lane = lane_of(record.topic);
    if (record.offset >= next_offset(lane) && record.offset < until.at(lane)) records.push_back(&record);
  }
  try {
    for (const auto* record : records) handle(*record, lane_of(record->topic));
    return commit();
  } catch (const sqlite::Error&) {
    throw;
  } catch (const std::exception&) {
    work_.rollback();
  }
  for (const auto* record : records) take_alone(*record);
}

// As the shard does it, but for the repeated tries.
void StoreReplay::take_alone(const kafka::Message& record) {
  const auto lane = lane_of(record.topic);
  for (;;) {
    try {
      handle(record, lane);
      return commit();
    } catch (const sqlite::Error&) {
      throw;
    } catch (const std::exception& error) {
      work_.rollback();
      if (!handler_.park_released(error.what())) {
        handler_.park(record, lane, error.what());
        work_.consumed(lane, record.offset + 1);
        return commit();
      }
      commit();
    }
  }
}

void StoreReplay::handle(const kafka::Message& record, Lane lane) {
  handler_.handle(record, lane);
  work_.consumed(lane, record.offset + 1);
}

void StoreReplay::commit() {
  work_.commit();
  // Nobody will publish it: the rows go with the next commit.
  for (Lane lane = 0; lane < topics::lanes.size(); ++lane) work_.published(lane, work_.lane(lane).next_sequence);
}

}  // namespace orderly::cli
