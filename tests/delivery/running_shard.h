// A whole shard on a thread of its own over a broker in memory, with a clock that the test sets; and short words for
// its commands.
#pragma once

#include <prometheus/registry.h>

#include <atomic>
#include <thread>

#include "delivery/in_memory_broker.h"
#include "shard.h"

namespace orderly::test {

inline StoredRecord command(const std::string& type, const std::string& json, const std::string& id) {
  return {"allocation.commands",
          0,
          "LAMP",
          json,
          {{"ce_type", "allocation.v1." + type}, {"ce_id", id}, {"content-type", "application/json"}},
          1'700'000'000'000};
}
inline StoredRecord new_batch(const std::string& ref, const std::string& sku, const std::string& id) {
  return command("CreateBatch", R"({"batch_ref":")" + ref + R"(","sku":")" + sku + R"(","quantity":100})", id);
}
inline StoredRecord allocate(const std::string& order, const std::string& sku, const std::string& id) {
  return command("Allocate", R"({"order_id":")" + order + R"(","sku":")" + sku + R"(","quantity":1})", id);
}

inline StoredRecord new_order(const std::string& order_id, std::int64_t unix_ms) {
  const auto json =
      R"({"order_id":")" + order_id +
      R"(","customer_id":"c1","items":[{"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR","minor_units":5}}]})";
  return {"ordering.commands",
          0,
          order_id,
          json,
          {{"ce_type", "ordering.v1.CreateOrder"}, {"content-type", "application/json"}},
          unix_ms};
}

class SettableClock final : public Clock {
 public:
  Time now() const override { return from_unix_ms(unix_ms_.load()); }
  void set(std::int64_t unix_ms) { unix_ms_ = unix_ms; }

 private:
  std::atomic<std::int64_t> unix_ms_ = 0;
};

class RunningShard {
 public:
  RunningShard(InMemoryBroker& broker, const std::filesystem::path& directory,
               const handling::CommandHandler::Options& handling = {}, const tracing::Tracer* tracer = nullptr)
      : shard_(options(directory, handling, tracer),
               {[&broker] { return broker.source(); }, [&broker] { return broker.publisher(); }}, clock, registry_,
               log::Logger::silent()),
        thread_([this](const std::stop_token& stop) { shard_.run(stop); }) {}

  // Field by field: as one braced list GCC 12 takes the relay's defaults for uninitialised.
  static Shard::Options options(const std::filesystem::path& directory,
                                const handling::CommandHandler::Options& handling, const tracing::Tracer* tracer) {
    Shard::Options options;
    options.place = {0, 1};
    options.directory = directory;
    options.handling = handling;
    options.tracer = tracer;
    return options;
  }

  // Waits until the shard's health is as the condition wants it.
  template <class Condition>
  bool health(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition(shard_.health())) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool becomes_ready() {
    return health([](const auto& reason) { return !reason; });
  }
  bool says(const std::string& words) {
    return health([&](const auto& reason) { return reason && reason->find(words) != std::string::npos; });
  }

  SettableClock clock;

 private:
  prometheus::Registry registry_;
  Shard shard_;
  std::jthread thread_;
};

inline std::map<std::string, messaging::v1::CommandResult> results(const InMemoryBroker& broker) {
  std::map<std::string, messaging::v1::CommandResult> by_id;
  for (const auto& record : broker.records(topics::command_results))
    by_id[*record.key] = record.as<messaging::v1::CommandResult>();
  return by_id;
}

}  // namespace orderly::test
