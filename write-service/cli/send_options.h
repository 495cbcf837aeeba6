// What `orderly send` was asked for. Threads: the main one. Failures: OptionError.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/broker_options.h"
#include "cli/signing.h"

namespace orderly::cli {

struct SendOptions {
  BrokerOptions broker;
  SigningOptions signing;
  OutputOptions output;
  std::vector<std::string> words;  // TYPE field=value ...
  std::string id, file;
  std::optional<std::chrono::milliseconds> wait;
  double rate = 0;  // commands of a file a second; 0: as fast as Kafka takes them
};

// A file of commands, one a line. The exit code: 0, 1 when a line was broken or not delivered, 3 when results are
// missing.
int send_file(const SendOptions& options, Console& console);

}  // namespace orderly::cli
