// What a shop's whole orders lead to on the event topics, for the read side alone: each order created with three lines,
// allocated line by line, paid, and shipped (one in fifty cancelled); a customer's third order makes a VIP; one record
// in ten thousand is a dead letter. Always the same for the same options, but for ids and times. Threads: one at a
// time. Failures: none.
#pragma once

#include <map>
#include <random>
#include <string>

#include "workload.h"

namespace orderly::bench {

struct Published {
  const char* topic = "";
  Record record;  // views into the ShopEvents, until its next call
};

class ShopEvents {
 public:
  explicit ShopEvents(const WorkloadOptions& options) : options_(options) {}

  Published batch_created(int sku);  // first, of each sku
  Published next();
  Published result_of_last();  // what the command was answered that led to the last one

 private:
  Published step_of_order();
  Published order_created();
  Published allocated(const std::string& sku);
  Published last_of_order();
  Published dead_letter();
  template <class Message>
  Published event(const char* topic, const Message& message, const std::string& subject);

  const WorkloadOptions options_;
  std::mt19937_64 random_{42};
  std::map<std::string, std::int64_t, std::less<>> sku_versions_;
  std::uint64_t order_ = 0, records_ = 0;
  int step_ = 0;
  std::int64_t order_version_ = 0;
  std::string order_id_, customer_id_, key_, type_, command_id_, event_id_, value_, version_, time_;
  std::vector<std::string> skus_;  // of the present order
};

}  // namespace orderly::bench
