#include "read-service/event_feed.h"

#include "common/kafka/consumer.h"

namespace orderly::read {
namespace {

constexpr std::size_t most_messages = 10'000;

}  // namespace

EventFeed::EventFeed(const OpenEventSource& open, const std::set<std::string>& topics, const Clock& clock,
                     const std::function<bool()>& ending)
    : clock_(clock), source_(open()) {
  // Each question may take a while, and there are many.
  const auto go_on = [&] {
    if (ending()) throw kafka::Error{kafka::Error::Kind::transient, "the program is ending"};
  };
  for (const auto& topic : topics) {
    go_on();
    const auto partitions = source_->partition_count(topic);
    for (std::int32_t p = 0; p < partitions; ++p) {
      go_on();
      ends_[{topic, p}] = source_->end_offset(topic, p);
    }
  }
}

void EventFeed::start_at(const Positions& positions) {
  std::vector<kafka::Position> assigned;
  for (const auto& [partition, end] : ends_) {
    const auto known = positions.find(partition);
    const auto offset = known == positions.end() ? kafka::beginning : known->second;
    assigned.push_back({partition.first, partition.second, offset});
    positions_[partition] = std::max<std::int64_t>(0, offset);
  }
  source_->records().assign(assigned);
  begun_ = positions_;
  begun_at_ = clock_.ticks();
}

EventBatch EventFeed::poll(std::chrono::milliseconds wait) {
  auto batch = decoder_.decode(source_->records().poll(most_messages, wait));
  const PublishedEvent* last = nullptr;
  std::int64_t* position = nullptr;
  for (const auto& event : batch.events) {
    if (last == nullptr || event.topic != last->topic || event.partition != last->partition) {
      position = &positions_[{std::string{event.topic}, event.partition}];
    }
    *position = event.offset + 1;
    last = &event;
  }
  note_progress();
  return batch;
}

FillProgress EventFeed::progress(const std::vector<std::string>& topics) const {
  FillProgress progress;
  std::int64_t read_since = 0;
  for (const auto& [partition, end] : ends_) {
    if (std::ranges::find(topics, partition.first) == topics.end()) continue;
    const auto position = std::min(position_in(positions_, partition), end);
    progress.messages_read += position;
    progress.messages_total += end;
    read_since += std::max<std::int64_t>(0, position - position_in(begun_, partition));
  }
  const std::chrono::duration<double> time = clock_.ticks() - begun_at_;
  progress.messages_per_second = static_cast<double>(read_since) / std::max(time.count(), 1e-9);
  return progress;
}

// A partition may end in records that are never given (the mark of a commit, what was rolled back, what is no longer
// kept): only the reader knows that nothing more comes. A while in which nothing comes tells nothing; the broker may be
// slow, and a view that is taken for complete then answers that things do not exist.
void EventFeed::note_progress() {
  if (caught_up_) return;
  caught_up_ = source_->records().has_met_ends() ||
               std::ranges::all_of(ends_, [&](const auto& end) { return positions_[end.first] >= end.second; });
}

}  // namespace orderly::read
