// What librdkafka says of a client every few seconds (statistics.interval.ms), as metrics: requests, queues, errors,
// the state of its transaction. Clients of one name (a new one after an error) go on counting where the last one was.
// Threads: any. Failures: what cannot be read is left out.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace orderly::kafka {

class ClientMetrics {
 public:
  static constexpr const char* default_interval_ms = "5000";

  ClientMetrics(prometheus::Registry& registry, std::string client);
  ~ClientMetrics();

  // What one client has counted so far: its counters begin at 0.
  struct Counted {
    std::array<std::int64_t, 6> values{};
  };
  void update(const char* json, std::size_t size, Counted& counted);

 private:
  struct Figures;
  struct Parser;
  void show_transaction_state(std::string_view state);

  const std::string client_;
  prometheus::Family<prometheus::Gauge>& transaction_states_;
  std::unique_ptr<Figures> figures_;
  std::mutex mutex_;
  std::unique_ptr<Parser> parser_;
  prometheus::Gauge* transaction_state_ = nullptr;
};

}  // namespace orderly::kafka
