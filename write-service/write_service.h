// The shards of one process: learns from the broker how many partitions there are, then runs the shards it was given,
// each on a thread of its own. Threads: start and stop from one; health() from any.
// Failures: a broker that is away is waited for; a shard's own failures stay its own.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shard.h"

namespace orderly {

// Which partitions: all of them, those listed, or every REPLICAS-th of them.
struct ShardSelection {
  std::vector<std::int32_t> listed;  // empty: all
  bool as_far_as_there_are = false;  // listed may go beyond the last partition

  // "all", "0-3", "1,2", "0-1,6", "mod:1/3" (all s with s mod 3 = 1). Throws std::invalid_argument that names the bad
  // part.
  static ShardSelection parse(const std::string& text);

  // The shards to run when the topics have that many partitions. Throws std::invalid_argument for one that is not
  // there, or when none is left.
  std::vector<std::int32_t> of(std::int32_t partitions) const;
};

class WriteService {
 public:
  struct Options {
    std::filesystem::path directory;
    ShardSelection shards;
    storage::UnitOfWork::Options store;
    handling::CommandHandler::Options handling = {};
    outbox::OutboxRelay::Options relay = {};  // its bytes are those of all shards together
    const tracing::Tracer* tracer = nullptr;  // null: nothing is recorded
  };
  struct Ports {
    std::function<std::int32_t()> partition_count;  // of the command topics; throws kafka::Error for as long as unknown
    std::function<std::unique_ptr<kafka::MessageSource>(std::int32_t shard, std::size_t shards)> source;  // of so many here
    std::function<std::unique_ptr<kafka::Publisher>(std::int32_t shard)> publisher;
  };

  WriteService(Options options, Ports ports, const Clock& clock, prometheus::Registry& registry,
               const log::Logger& log);

  void start();
  void stop();  // returns when every shard has committed what it took and let go of its files

  struct Health {
    std::string name;
    std::optional<std::string> trouble;
  };
  std::vector<Health> health() const;

 private:
  void run(const std::stop_token& stop);
  std::optional<std::int32_t> learn_partitions(const std::stop_token& stop);
  void open_shards(std::int32_t partitions);
  void set_trouble(std::optional<std::string> trouble);

  const Options options_;
  const Ports ports_;
  const Clock& clock_;
  prometheus::Registry& registry_;
  const log::Logger log_;
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::optional<std::string> trouble_ = "the number of partitions is not known yet";
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::jthread> threads_;
  std::jthread starter_;
};

}  // namespace orderly
