// The rows of all the read service's views, written as plainly as can be: what the floor of the projection costs.
// No version is checked, no row is looked up first, nobody is woken. Threads: one. Failures: sqlite::Error.
#pragma once

#include <librdkafka/rdkafka.h>

#include <filesystem>
#include <memory>
#include <span>

namespace orderly::bench {

class FloorRows {
 public:
  explicit FloorRows(const std::filesystem::path& folder);  // a file a view, as the service has them
  ~FloorRows();

  void apply(std::span<rd_kafka_message_t* const> messages);  // and their offsets; one transaction a file

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace orderly::bench
