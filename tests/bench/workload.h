// The commands of the bench, and the events that they lead to: always the same for the same seed, but for ids and
// times. 1,000 skus, one batch each with room for all; then one Allocate after another, uniform over the skus or by
// Zipf's law. Threads: one at a time. Failures: none.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/kafka/message.h"
#include "record.h"

namespace orderly::bench {

struct WorkloadOptions {
  int skus = 1'000;
  bool zipf = false;  // exponent 1: of 1,000 skus the first gets 13 % of the lines
  bool json = false;
  std::int32_t partitions = 4;
};

// Its records are views into the Workload, until its next call.
class Workload {
 public:
  explicit Workload(const WorkloadOptions& options);

  int skus() const { return options_.skus; }

  Record create_batch(int sku);
  // `number` stands in the order's id, and in hexadecimal digits at the end of the command's.
  Record allocate(std::uint64_t number);

  // What the write service publishes for these: the event, and the command's result.
  Record batch_created(int sku);
  Record allocated(std::uint64_t number);
  Record result_of_last();  // of the last allocated()

  static std::string order_id(std::uint64_t number);
  static std::string sku_name(int sku);
  // The number in a command's id.
  static std::uint64_t number_in(std::string_view command_id);

 private:
  int next_sku();
  Record command(std::string_view type);
  Record event(std::string_view type);
  std::string new_id(std::uint64_t number);

  const WorkloadOptions options_;
  std::mt19937_64 random_{42};
  std::vector<double> cumulative_;  // of Zipf's weights
  std::vector<std::string> sku_names_, batch_refs_;
  std::vector<std::int64_t> versions_;
  int sku_ = 0;
  std::string id_, event_id_, time_, value_, version_;
};

}  // namespace orderly::bench
