// The shop as its published events tell it: a fold that shares no code with the views or the aggregates.
// Threads: one. Failures: none; what makes no sense is put into words.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/broker.h"

namespace orderly::simulation {

struct Shop {
  struct Batch {
    std::string sku;
    std::int64_t quantity = 0, allocated = 0;
  };
  struct Line {
    std::string batch_ref;
    std::int64_t quantity = 0;
  };
  struct Order {
    std::string customer;
    std::string status;  // created, paid, shipped or cancelled
    std::int64_t total = 0, version = 0;
  };
  std::map<std::string, Batch> batches;
  std::map<std::pair<std::string, std::string>, Line> lines;  // by order and sku
  std::map<std::string, Order> orders;
  std::set<std::string> vips;
  std::map<std::string, std::int64_t> versions;  // by stream as a store names it: category/id

  // The events of one partition in order. Gives what makes no sense.
  std::vector<std::string> apply(const Record& event);
  // After the last event of a command.
  std::vector<std::string> end_of_command();

 private:
  using Sentences = std::vector<std::string>;
  void allocation(const Record& event, Sentences& wrong);
  void ordering(const Record& event, Sentences& wrong);
  void take_from(const std::string& order, const std::string& sku, const std::string& batch, std::int64_t quantity,
                 Sentences& wrong);
  std::set<std::string> touched_;  // batches, by the command at hand
};

}  // namespace orderly::simulation
