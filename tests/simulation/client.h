// Whoever sends commands: a small shop's, by chance, some of them twice or to a foreign partition, some unreadable. It
// keeps what it has sent, for the model. Threads: one. Failures: none.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "simulation/broker.h"
#include "simulation/random.h"

namespace orderly::simulation {

struct Sent {
  std::string topic, type, id;
  std::string owner;  // the aggregate whose shard decides; empty: to be found by a batch's reference
  std::string payload;
  bool readable = true;
  bool wants_reply = false;
  int copies = 0;
  std::string about = {};  // an operator's word: the parked command's id
};

class Client {
 public:
  Client(Random& random, Broker& broker) : random_(random), broker_(broker) {}

  // One command, or an earlier one once more. Gives a line for the history.
  std::string send(std::int64_t now_ms);
  // An operator's word on a parked command. Gives the word's own id.
  std::string release(const std::string& topic, const std::string& stream, const std::string& command_id, bool discard,
                      std::int64_t now_ms);

  const std::map<std::string, Sent>& sent() const { return sent_; }

 private:
  Sent any_command();
  Sent allocation();
  Sent ordering();
  void produce(const Sent& command, std::int32_t partition, std::int64_t now_ms);
  std::string sku() { return std::string(1, static_cast<char>('A' + random_.pick(0, 3))); }
  std::string batch() { return "b" + std::to_string(random_.pick(1, 6)); }
  std::string order() { return "o" + std::to_string(random_.pick(1, 7)); }

  Random& random_;
  Broker& broker_;
  std::map<std::string, Sent> sent_;
  std::vector<std::string> ids_;
};

}  // namespace orderly::simulation
