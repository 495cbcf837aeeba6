// Planted bugs, each of a kind that the simulation must find: wrappers around the ports, so that no program holds them.
// Threads: one. Failures: as the ports that they wrap.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/clients.h"

namespace orderly::simulation {

enum class Mutant {
  none,
  consumed_offsets_outside,  // the consumer's position is kept by the broker as it is polled, not by the store
  watermark_outside,         // the watermark is committed after the messages, in a transaction of its own
  watermark_dropped,         // … or not at all
  deduplication_forgets,     // what was remembered before a restart is not known any more
  result_before_commit,      // a commit returns, and is published, before it is on the disk
};

std::optional<Mutant> mutant_of(std::string_view name);
std::vector<std::string_view> mutant_names();

// The position that the broker would keep for the mutant's consumer, by topic and partition; outlives its processes.
using KeptPositions = std::map<Broker::Place, std::int64_t>;

std::unique_ptr<kafka::MessageSource> mutate(Mutant mutant, KeptPositions& kept,
                                             std::unique_ptr<kafka::MessageSource> source);
std::unique_ptr<kafka::Publisher> mutate(Mutant mutant, std::unique_ptr<kafka::Publisher> publisher);

// The hash of an id that the store is given for deduplication_forgets: another one while a store is being opened.
std::uint64_t forgetful_hash(std::string_view id);
class Forgetting {  // for as long as it lives
 public:
  Forgetting();
  ~Forgetting();
};

}  // namespace orderly::simulation
