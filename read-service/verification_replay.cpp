#include "read-service/verification_replay.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace orderly::read {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;  // with a topic that seems to end before the view

std::string name_of(const TopicPartition& partition) {
  return partition.first + '/' + std::to_string(partition.second);
}

class Replay {
 public:
  Replay(const OpenEventSource& open, std::vector<ReplayedView>& views, const Clock& clock)
      : views_(views), clock_(clock), feed_(open, topics(), clock), last_progress_(clock.ticks()) {
    const auto source = open();
    for (const auto& partition : partitions()) {
      begins_[partition] = source->begin_offset(partition.first, partition.second);
    }
    for (auto& view : views_) {
      if (view.is_open()) begin(view);
    }
    feed_.start_at({});
    close_finished();
  }

  bool is_done() const { return stores_.empty(); }

  void step() {
    const auto batch = poll();
    std::int64_t read = 0;
    for (auto& view : views_) {
      if (stores_.contains(&view)) apply(view, batch.events);
      note_progress(view);
      read += view.found.messages_read;
    }
    close_finished();
    const auto now = clock_.ticks();
    if (read != std::exchange(read_, read)) last_progress_ = now;
    if (now - last_progress_ > patience && feed_.has_caught_up()) give_up_on_waiting();
  }

 private:
  std::set<std::string> topics() const {
    std::set<std::string> topics;
    for (const auto& view : views_) {
      if (view.is_open()) topics.insert(view.definition->topics.begin(), view.definition->topics.end());
    }
    return topics;
  }
  std::set<TopicPartition> partitions() const {
    std::set<TopicPartition> partitions;
    for (const auto& view : views_) {
      for (const auto& [partition, offset] : view.until) partitions.insert(partition);
    }
    return partitions;
  }

  void begin(ReplayedView& view) {
    for (const auto& [partition, end] : view.until) {
      view.found.messages_total += end;
      const auto first = begins_.at(partition);
      if (first > 0) view.lost.push_back(name_of(partition) + " begins at " + std::to_string(first));
    }
    // Rows that came of many events cannot be told apart into what is left and what is gone.
    if (!view.lost.empty() && view.definition->versioned) return view.give_up(view.lost.front());
    stores_[&view] = std::make_unique<ViewStore>(*view.definition, view.fresh);
  }

  EventBatch poll() {
    try {
      return feed_.poll();
    } catch (const kafka::Error& error) {
      if (error.kind() != kafka::Error::Kind::transient) throw;
      last_progress_ = clock_.ticks();  // it is the broker's silence, not the topic's end
      return {};
    }
  }

  void apply(ReplayedView& view, std::span<const PublishedEvent> events) try {
    const auto is_within = [&](const PublishedEvent& event) {
      const auto end = view.until.find({std::string{event.topic}, event.partition});
      return end != view.until.end() && event.offset < end->second;
    };
    const auto wanted = [&](const PublishedEvent& event) {
      return !view.definition->wants(event.topic) || is_within(event);
    };
    if (std::ranges::all_of(events, wanted)) {
      stores_[&view]->apply(events);
    } else {  // the end is near
      std::vector<PublishedEvent> within;
      std::ranges::copy_if(events, std::back_inserter(within), wanted);
      stores_[&view]->apply(within);
    }
  } catch (const std::exception& error) {
    view.give_up(error.what());
    stores_.erase(&view);
  }

  // What has been given has been applied: those that need no more are closed.
  void close_finished() {
    std::erase_if(stores_, [&](const auto& open) {
      return std::ranges::all_of(open.first->until, [&](const auto& end) {
        return std::max(position_in(feed_.positions(), end.first), begins_.at(end.first)) >= end.second;
      });
    });
  }

  void note_progress(ReplayedView& view) const {
    view.found.messages_read = 0;
    for (const auto& [partition, end] : view.until) {
      view.found.messages_read += std::min(end, position_in(feed_.positions(), partition));
    }
  }

  void give_up_on_waiting() {
    for (auto& view : views_) {
      if (!stores_.contains(&view)) continue;
      for (const auto& [partition, end] : view.until) {
        const auto at = position_in(feed_.positions(), partition);
        if (at >= end) continue;
        view.give_up(name_of(partition) + " ends at " + std::to_string(at) + ", the view was made of it up to " +
                     std::to_string(end));
        break;
      }
      stores_.erase(&view);
    }
  }

  std::vector<ReplayedView>& views_;
  const Clock& clock_;
  EventFeed feed_;
  Positions begins_;
  std::map<const ReplayedView*, std::unique_ptr<ViewStore>> stores_;
  std::int64_t read_ = 0;
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace

void replay_views(const OpenEventSource& open, std::vector<ReplayedView>& views, const Clock& clock,
                  const std::function<void()>& step) {
  if (std::ranges::none_of(views, &ReplayedView::is_open)) return;
  Replay replay{open, views, clock};
  while (!replay.is_done()) {
    replay.step();
    step();
  }
}

}  // namespace orderly::read
