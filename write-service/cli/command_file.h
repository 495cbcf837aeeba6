// A file of commands, one JSON object a line: {"type": "allocation.v1.Allocate", "id": "…", "data": {…}}; the id may be left out.
// A broken line is reported with its number and reason, and nothing else is lost because of it. Threads: one.
#pragma once

#include <expected>
#include <istream>
#include <optional>
#include <random>
#include <string>

#include "cli/command_client.h"
#include "cli/message_builder.h"

namespace orderly::cli {

struct BrokenLine {
  std::size_t number = 0;
  std::string reason;
};

class CommandFile {
 public:
  CommandFile(std::istream& in, MessageBuilder& builder) : in_(&in), builder_(&builder) {}
  // The next line that is not blank; nothing at the end.
  std::optional<std::expected<OutgoingCommand, BrokenLine>> next();

 private:
  OutgoingCommand parse(const std::string& line);
  std::istream* in_;
  MessageBuilder* builder_;
  std::size_t number_ = 0;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace orderly::cli
