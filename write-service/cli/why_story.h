// Records of conversations as trees: a command, what came of it, and the commands that were sent because of it.
// Threads: any. Failures: none; a cause that is not among the records is a command that is known by its id alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/why_record.h"

namespace orderly::cli {

struct WhyCommand {
  std::string id;
  std::vector<const WhyRecord*> sent;      // several: sent again, or forwarded to its shard; none: gone, or not read
  std::vector<const WhyRecord*> outcomes;  // results, events and dead letters, in their order
  std::vector<const WhyCommand*> caused;
  Time first{};  // of all this
};

class WhyStory {
 public:
  explicit WhyStory(const std::vector<WhyRecord>& records);

  // The oldest first. Each command is reached from one of them, once.
  const std::vector<const WhyCommand*>& roots() const { return roots_; }

 private:
  WhyCommand& command(const std::string& id);
  void add(const WhyRecord& record);
  void connect();

  std::map<std::string, std::unique_ptr<WhyCommand>> commands_;
  std::vector<const WhyCommand*> roots_;
};

}  // namespace orderly::cli
