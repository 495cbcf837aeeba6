#include <catch2/catch.hpp>
#include <string>

#include "common/kafka/client_metrics.h"
#include "common/kafka/lag_seconds.h"

using namespace orderly;
using namespace orderly::kafka;
using namespace std::chrono_literals;

namespace {

// As librdkafka writes it, shortened.
std::string statistics(int requests, const std::string& state) {
  return R"({"msg_cnt":3,"msg_size":300,"tx":)" + std::to_string(requests) + R"(,"tx_bytes":1000,"rx_bytes":2000,
    "brokers":{"a:9092/bootstrap":{"nodeid":-1,"state":"UP","connects":1,"disconnects":0,"txerrs":0,"rxerrs":0,
      "req_timeouts":0,"rtt":{"avg":900000,"p99":900000}},
    "a:9092/1":{"nodeid":1,"state":"UP","connects":2,"disconnects":1,"txerrs":1,"rxerrs":0,"req_timeouts":2,
      "source":"learned","rtt":{"avg":1500,"p99":2500}},
    "TxnCoordinator":{"nodeid":1,"source":"logical","state":"UP","connects":0,"disconnects":0,"txerrs":0,"rxerrs":0,
      "req_timeouts":0,"rtt":{"avg":10,"p99":20}}},
    "topics":{"t":{"partitions":{"0":{"fetchq_cnt":5,"fetchq_size":50},"-1":{"fetchq_cnt":0,"fetchq_size":0}}}},
    "eos":{"idemp_state":"Assigned","txn_state":")" +
         state + R"("}})";
}

double value(prometheus::Registry& registry, const std::string& name, const std::string& state = "") {
  for (const auto& family : registry.Collect()) {
    if (family.name != name) continue;
    for (const auto& metric : family.metric) {
      if (state.empty() || metric.label.back().value == state) return metric.gauge.value + metric.counter.value;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("a Kafka client's statistics become metrics; a new client of the name goes on counting") {
  prometheus::Registry registry;
  ClientMetrics metrics{registry, "shard 0 outbox"};
  ClientMetrics::Counted first, second;
  auto update = [&](const std::string& json, ClientMetrics::Counted& of) {
    metrics.update(json.data(), json.size(), of);
  };
  update(statistics(10, "Ready"), first);
  update(statistics(15, "InTransaction"), first);
  update(statistics(4, "InTransaction"), second);
  update("no JSON at all", second);
  CHECK(value(registry, "orderly_kafka_requests_total") == 19);
  CHECK(value(registry, "orderly_kafka_brokers_up") == 1);
  CHECK(value(registry, "orderly_kafka_rtt_p99_seconds") == Approx(0.9));
  CHECK(value(registry, "orderly_kafka_fetched_messages") == 5);
  CHECK(value(registry, "orderly_kafka_outgoing_bytes") == 300);
  CHECK(value(registry, "orderly_kafka_errors_total") == 6);  // of two clients
  CHECK(value(registry, "orderly_kafka_transaction_state", "InTransaction") == 1);
  CHECK(value(registry, "orderly_kafka_transaction_state", "Ready") == 0);
}

TEST_CASE("the lag in seconds is that of the oldest message that waits, at most") {
  LagSeconds lag;
  const Time noon{1'700'000'000s};
  CHECK(lag.after(0, {}, noon) == 0);
  CHECK(lag.after(5, noon - 1h, noon + 2s) == Approx(2));    // after an idle hour: not an hour
  CHECK(lag.after(5, noon + 1s, noon + 3s) == Approx(2));    // the last one taken was of a second past noon
  CHECK(lag.after(5, noon + 1s, noon + 61s) == Approx(60));  // none has been taken since
  CHECK(lag.after(0, noon + 1s, noon + 62s) == 0);
  CHECK(lag.after(1, noon + 1h, noon + 63s) == 0);  // a sender's clock that is ahead
  LagSeconds fresh;
  CHECK(fresh.after(7, {}, noon) == 0);  // since the start
  CHECK(fresh.after(7, {}, noon + 9s) == Approx(9));
}
