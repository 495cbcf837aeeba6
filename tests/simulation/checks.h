// What must hold at the end of a run, whatever went wrong in it, by models that share no code with the services: what
// is in the topics, what is in the stores, what is in the views. Threads: one. Failures: none; violations are
// sentences.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "simulation/client.h"
#include "simulation/read_machine.h"
#include "simulation/shard_machine.h"

namespace orderly::simulation {

struct Evidence {
  Broker& broker;
  const Client& client;
  std::vector<std::unique_ptr<ShardMachine>>& shards;
  ReadMachine& reader;
  bool has_deadline = false;  // unpaid orders are cancelled by the clock
};

using Violations = std::vector<std::string>;

// All of the below. The machines are stopped for it.
Violations violations(const Evidence& evidence);

// A record of a topic that a reader of committed ones sees.
struct Seen {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  const Record* record = nullptr;
};
std::vector<Seen> committed(const Broker& broker, std::string_view topic);

// Every command is answered once a copy, a repeat with the first result, and has had its effect once.
void check_answers(const Evidence& evidence, Violations& violations);
// Streams without gap or repeat, and what the events say makes sense: stock, orders, customers.
struct Shop;
void check_events(const Evidence& evidence, Shop& shop, Violations& violations);
// Nothing waits any more, and what the aggregates believe of each other is so.
void check_stores(const Evidence& evidence, const Shop& shop, Violations& violations);
void check_views(const Evidence& evidence, const Shop& shop, Violations& violations);

}  // namespace orderly::simulation
