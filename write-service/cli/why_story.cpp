#include "cli/why_story.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace orderly::cli {
namespace {

bool is_out(const WhyRecord& record, const std::vector<WhyRecord>& all) {
  return std::ranges::any_of(all, [&](const WhyRecord& other) {
    return !other.waits && other.id == record.id && other.kind == record.kind && other.partition == record.partition;
  });
}

bool earlier(const WhyRecord* a, const WhyRecord* b) {
  const auto key = [](const WhyRecord& r) { return std::tie(r.time, r.topic, r.version, r.partition, r.offset); };
  return key(*a) < key(*b);
}

}  // namespace

WhyStory::WhyStory(const std::vector<WhyRecord>& records) {
  for (const auto& record : records) {
    if (!record.waits || !is_out(record, records)) add(record);
  }
  for (const auto& [id, command] : commands_) {
    std::ranges::sort(command->sent, earlier);
    std::ranges::sort(command->outcomes, [](const auto* a, const auto* b) {
      return a->kind != b->kind ? a->kind < b->kind : earlier(a, b);  // the result comes first
    });
    command->first = command->sent.empty() ? command->outcomes.empty() ? Time::max() : command->outcomes.front()->time
                                           : command->sent.front()->time;
  }
  connect();
}

WhyCommand& WhyStory::command(const std::string& id) {
  auto& found = commands_[id];
  if (!found) {
    found = std::make_unique<WhyCommand>();
    found->id = id;
  }
  return *found;
}

void WhyStory::add(const WhyRecord& record) {
  switch (record.kind) {
    case WhyRecord::Kind::command:
      command(record.id).sent.push_back(&record);
      break;
    case WhyRecord::Kind::dead_letter:
      command(record.id).outcomes.push_back(&record);
      break;
    case WhyRecord::Kind::result:
    case WhyRecord::Kind::event:
      command(record.causation_id).outcomes.push_back(&record);
      break;
  }
}

// By causation. A command whose cause is not here, or that is its own cause by some detour, begins a tree.
void WhyStory::connect() {
  std::map<const WhyCommand*, WhyCommand*> cause_of;
  for (const auto& [id, command] : commands_) {
    if (command->sent.empty()) continue;
    const auto cause = commands_.find(command->sent.front()->causation_id);
    if (cause != commands_.end() && cause->second != command) cause_of[command.get()] = cause->second.get();
  }
  for (const auto& [id, command] : commands_) {
    std::set<const WhyCommand*> seen{command.get()};
    auto cause = cause_of.find(command.get());
    while (cause != cause_of.end() && seen.insert(cause->second).second) cause = cause_of.find(cause->second);
    if (cause != cause_of.end() && cause->second == command.get()) cause_of.erase(command.get());  // a circle
  }
  for (const auto& [id, command] : commands_) {
    const auto cause = cause_of.find(command.get());
    (cause == cause_of.end() ? roots_ : cause->second->caused).push_back(command.get());
  }
  const auto by_time = [](const WhyCommand* a, const WhyCommand* b) {
    return std::tie(a->first, a->id) < std::tie(b->first, b->id);
  };
  std::ranges::sort(roots_, by_time);
  for (const auto& [id, command] : commands_) std::ranges::sort(command->caused, by_time);
}

}  // namespace orderly::cli
