#include "simulation/world.h"

#include <algorithm>
#include <stdexcept>

#include "messaging/v1/messaging.pb.h"
#include "simulation/checks.h"
#include "topics.h"

namespace orderly::simulation {
namespace {

constexpr int longest_settling = 3'000;  // rounds until it counts as never

bool is_inner(const Command& command) {
  return std::holds_alternative<SettleBatchReference>(command) || std::holds_alternative<ReleaseParked>(command);
}

}  // namespace

void Counts::add(const Counts& other) {
  commands += other.commands;
  kills += other.kills;
  power_losses += other.power_losses;
  zombies += other.zombies;
  time_outs += other.time_outs;
  late_requests += other.late_requests;
  fenced += other.fenced;
}

World::World(const Options& options)
    : options_(options),
      random_(options.seed),
      history_(options.folder),
      partitions_(random_.pick(1, 3)),
      crashes_often_(random_.chance(50)),
      broker_(partitions_),
      around_{broker_, random_, history_, clock_},
      disk_(random_, options.folder + "/reader/views/", [this] { return clock_.now_ms; }),
      client_(random_, broker_) {
  if (random_.chance(60)) payment_deadline_ = std::chrono::seconds{random_.pick(1, 60)};
  disk_.syncs_late = options.mutant == Mutant::result_before_commit;
  for (std::int32_t number = 0; number < partitions_; ++number) {
    shards_.push_back(std::make_unique<ShardMachine>(
        around_, disk_, options.mutant, options.folder + "/shard" + std::to_string(number), shard_options(number)));
  }
  reader_ = std::make_unique<ReadMachine>(around_, disk_, options.folder + "/reader", some_views());
}

World::~World() = default;

// Small bounds, so that little work reaches them.
Shard::Options World::shard_options(std::int32_t number) {
  Shard::Options shard{{number, partitions_}, {}, {}, {}, 0, handling(), {}, {}};
  shard.max_batch = static_cast<std::size_t>(random_.pick(1, 10));
  shard.idle_wait = shard.retry_pause = std::chrono::milliseconds{0};
  shard.relay.shard = number;
  shard.relay.own_thread = false;
  if (random_.chance(50)) shard.relay.max_messages = static_cast<std::size_t>(random_.pick(1, 12));
  if (random_.chance(30)) shard.relay.max_queued_bytes = static_cast<std::size_t>(random_.pick(1, 4'000));
  if (random_.chance(50)) shard.store.cache_bytes = 0;
  if (random_.chance(50)) shard.store.least_snapshot_bytes = static_cast<std::size_t>(random_.pick(1, 300));
  if (random_.chance(70)) shard.store.deduplication.bucket_ids = static_cast<std::uint32_t>(random_.pick(1, 30));
  if (options_.mutant == Mutant::deduplication_forgets) shard.store.deduplication.hash = forgetful_hash;
  return shard;
}

handling::CommandHandler::Options World::handling() {
  handling::CommandHandler::Options options;
  if (payment_deadline_.count() > 0) options.policies.payment_deadline = payment_deadline_;
  if (random_.chance(50)) options.most_released = static_cast<std::size_t>(random_.pick(1, 3));
  options.wrap = [this](handling::Handler next) -> handling::Handler {
    return [this, next = std::move(next)](handling::Incoming& incoming) {
      if (fails(incoming)) throw std::runtime_error{"the handler fails"};
      return next(incoming);
    };
  };
  return options;
}

// Some commands cannot be handled for as long as there is no calm: mostly, but not each time.
bool World::fails(const handling::Incoming& incoming) {
  if (around_.calm || is_inner(incoming.command)) return false;
  std::uint64_t hash = options_.seed;
  for (const char c : incoming.envelope.id) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash % 23 == 0 && random_.chance(80);
}

std::vector<std::string> World::some_views() {
  std::vector<std::string> all{"allocations", "batches",   "products",    "command_results",
                               "orders",      "customers", "dead_letters"};
  std::vector<std::string> some;
  for (int i = random_.pick(1, 2); i > 0; --i) {
    some.push_back(all[static_cast<std::size_t>(random_.pick(0, static_cast<int>(all.size()) - 1))]);
  }
  return some;
}

std::vector<std::string> World::run() {
  try {
    for (int steps = random_.pick(100, 400); steps > 0; --steps) chaos_step();
    calm_down();
  } catch (const std::exception& error) {
    return {error.what()};
  }
  for (const auto& [place, log] : broker_.logs()) {
    for (const auto& record : log) history_.add_to_hash(record.value);
  }
  return violations({broker_, client_, shards_, *reader_, payment_deadline_.count() > 0});
}

void World::chaos_step() {
  clock_.now_ms += random_.chance(3) ? random_.pick(1'000, 30'000) : random_.pick(0, 20);
  const int kind = random_.pick(0, 99);
  if (kind < 18) {
    history_.note(client_.send(clock_.now_ms));
    ++counts_.commands;
  } else if (kind < 92) {
    run_something();
  } else if (kind < 96) {
    disturb_broker();
  } else {
    disturb();
  }
}

void World::run_something() {
  const int kind = random_.pick(0, 99);
  if (kind < 45) return any_shard().step();
  if (kind < 80) return any_shard().step_relay();
  if (kind < 97) return reader_->step();
  for (const auto& shard : shards_) shard->step_zombie();
}

void World::disturb() {
  const int kind = random_.pick(0, 99);
  if (kind < (crashes_often_ ? 60 : 15)) return crash();
  if (kind < 70) return any_shard().checkpoint();
  if (kind < 78) return any_shard().connect(false);
  if (kind < 80) return reader_->connect(false);
  if (kind < 85) return any_shard().fail_disk_soon(random_.pick(1, 12));
  if (kind < 88) return reader_->fail_disk_soon(random_.pick(1, 12));
  if (kind < 92) return reader_->rebuild();
  if (kind < 94) return any_shard().stop();
  if (kind < 96) return reader_->stop();
  counts_.zombies += 1;
  any_shard().haunt();
}

void World::crash() {
  const bool power_goes = random_.chance(50);
  ++(power_goes ? counts_.power_losses : counts_.kills);
  const int operations = random_.pick(1, random_.chance(50) ? 12 : 80);
  const bool at_once = random_.chance(25);
  if (random_.chance(75)) {
    auto& shard = any_shard();
    at_once ? shard.kill(power_goes) : shard.doom(operations, power_goes);
  } else {
    at_once ? reader_->kill(power_goes) : reader_->doom(operations, power_goes);
  }
}

void World::disturb_broker() {
  const int kind = random_.pick(0, 99);
  if (kind < 40 && broker_.late() > 0) {
    const auto which = static_cast<std::size_t>(random_.pick(0, static_cast<int>(broker_.late()) - 1));
    ++(broker_.deliver_late(which) ? counts_.late_requests : counts_.fenced);
  } else if (kind < 60) {
    const auto open = broker_.open_transactions();
    if (open.empty()) return;
    history_.note("the broker gives up on " + open.front());
    broker_.time_out(open.front());
    ++counts_.time_outs;
  } else {
    for (const auto& shard : shards_) shard->connect(true);
    reader_->connect(true);
  }
}

// No more faults: everything that was sent must now come to its end.
void World::calm_down() {
  history_.note("calm");
  around_.calm = true;
  for (const auto& shard : shards_) {
    if (shard->is_doomed()) shard->kill(random_.chance(50));
    shard->fail_disk_soon(-1);
    shard->connect(true);
    shard->exorcise();
  }
  if (reader_->is_doomed()) reader_->kill(random_.chance(50));
  reader_->fail_disk_soon(-1);
  reader_->connect(true);
  settle();
  release_parked();
  clock_.now_ms += 1'000'000;  // every deadline has passed
  settle();
  release_parked();
  for (int round = 0; !reader_->is_up_to_date(); ++round) {
    if (round == longest_settling) {
      std::string states = "the views never catch up";
      for (const auto& state : reader_->state()) states += "; " + state;
      throw std::runtime_error{states};
    }
    clock_.now_ms += 600;
    for (int i = 0; i < 4; ++i) reader_->step();
  }
}

// Until nothing is read or written any more, three times in a row: what is down is opened first, what was fenced begins
// anew, and a relay passes over what is out already without a word.
void World::settle() {
  int still = 0;
  for (int round = 0; still < 3; ++round) {
    if (round == longest_settling) throw std::runtime_error{"it never comes to rest"};
    while (broker_.late() > 0) ++(broker_.deliver_late(0) ? counts_.late_requests : counts_.fenced);
    for (const auto& id : broker_.open_transactions()) broker_.time_out(id);
    const auto before = history_.lines().size();
    bool moves = false;
    for (const auto& shard : shards_) {
      const auto queued_bytes = shard->queued_bytes();
      shard->step();
      shard->step_relay();
      moves = moves || shard->queued_bytes() != queued_bytes;
    }
    still = !moves && history_.lines().size() == before ? still + 1 : 0;
  }
}

// An operator looks through the dead letters, one by one: what is parked is handled again, or left out where a client
// sent it. What stands behind another parked one is refused, and tried again in the next round.
void World::release_parked() {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    bool refused = false;
    for (const auto& letter : parked()) {
      const auto id = letter.record.header("ce_id"), stream = letter.record.header("dlq-stream");
      const bool discard = client_.sent().contains(id) && random_.chance(40);
      history_.note("operator: " + std::string{discard ? "discard " : "replay "} + id + " of " + stream);
      const auto word = client_.release(letter.record.header("dlq-topic"), stream, id, discard, clock_.now_ms);
      settle();
      if (was_accepted(word)) {
        released_.insert(letter.place);
      } else {
        refused = true;
      }
    }
    if (!refused) return;
  }
}

std::vector<World::Letter> World::parked() const {
  std::vector<Letter> letters;
  for (const auto& [partition, offset, record] : committed(broker_, topics::dead_letters)) {
    if (record->header("dlq-stream").empty() || released_.contains({partition, offset})) continue;
    letters.push_back({{partition, offset}, *record});
  }
  return letters;
}

bool World::was_accepted(const std::string& id) const {
  for (const auto& seen : committed(broker_, topics::command_results)) {
    messaging::v1::CommandResult result;
    if (!result.ParseFromString(seen.record->value) || result.command_id() != id) continue;
    if (result.status() == messaging::v1::ACCEPTED) return true;
  }
  return false;
}

}  // namespace orderly::simulation
