// A subscription of a test: a follower on the broker in memory, driven by step() and a clock to set, its handler a
// script.
#pragma once

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "common/subscription/follower.h"
#include "in_memory_broker.h"

namespace orderly::testing {

using subscription::Follower;
using subscription::Outcome;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "orderly-notifications-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary directory"};
    path = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::filesystem::path path;
};

inline const Outcome done{};
inline const Outcome retry{Outcome::Kind::retry, "451 later"};
inline const Outcome give_up{Outcome::Kind::give_up, "550 never"};

struct World {
  InMemoryBroker broker;
  SetClock clock;
  TemporaryDirectory directory;

  void event(const std::string& id, std::int32_t partition = 0) {
    broker.add_event("events", "t.Wanted", id, clock.now(), "v", partition);
  }
};

struct Following {
  explicit Following(World& of, const std::string& subscription_name = "mails") : world(of), name(subscription_name) {
    restart();
  }

  Follower::Options options() const {
    Follower::Options o{.directory = world.directory.path, .topics = {"events"}, .delivery = {}};
    o.delivery.name = name;
    o.delivery.types = {"t.Wanted"};
    o.delivery.dead_letter_topic = "dead-letters";
    o.delivery.dead_letter_reason = "NOTIFICATION_FAILED";
    o.delivery.max_tries = max_tries;
    o.delivery.breaker = {.failures_to_open = failures_to_open, .stay_open = std::chrono::seconds{30}};
    return o;
  }

  // As after the end of the process: nothing is left but the checkpoint.
  void restart() {
    follower.reset();
    registry = std::make_unique<prometheus::Registry>();
    Follower::Ports ports{[] {
                            return Follower::Partitions{2, {0, 1}};
                          },
                          [this] { return std::make_unique<InMemorySource>(world.broker); },
                          {[this] { return std::make_unique<InMemoryPublisher>(world.broker); }, world.clock,
                           [this] { return world.clock.ticks(); }, std::mt19937_64{7}}};
    const auto handler = [this](const kafka::Message& record, const std::stop_token& stop) {
      handled.emplace_back(*record.header("ce_id"));
      return handle ? handle(record, stop) : done;
    };
    follower = std::make_unique<Follower>(options(), std::move(ports), handler, *registry, log::Logger::silent());
  }

  std::chrono::milliseconds step() { return follower->step({}); }

  // Steps and lets the time pass that each step asks for; gives the waits.
  std::vector<std::chrono::milliseconds> steps(int count) {
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < count; ++i) {
      waits.push_back(step());
      world.clock.advance(waits.back());
    }
    return waits;
  }

  std::string metric(const std::string& line_start) const {
    std::istringstream lines{prometheus::TextSerializer{}.Serialize(registry->Collect())};
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(line_start)) return line.substr(line.rfind(' ') + 1);
    }
    return "(none)";
  }
  std::string outcome(const std::string& of) const {
    return metric("orderly_subscription_records_total{outcome=\"" + of + "\",subscription=\"" + name + "\"}");
  }
  std::string breaker() const { return metric("orderly_subscription_breaker{"); }

  World& world;
  std::string name;
  int max_tries = 8, failures_to_open = 1'000;
  std::vector<std::string> handled;  // ids, one each call
  subscription::Handler handle;      // empty: done
  std::unique_ptr<prometheus::Registry> registry;
  std::unique_ptr<Follower> follower;
};

using Ids = std::vector<std::string>;

}  // namespace orderly::testing
