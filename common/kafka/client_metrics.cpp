#include "common/kafka/client_metrics.h"

#include <simdjson.h>

#include <algorithm>

namespace orderly::kafka {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr double microseconds = 1e-6;

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help,
                         const std::string& client) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({{"client", client}});
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help,
                             const std::string& client) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({{"client", client}});
}

std::int64_t number(const simdjson::simdjson_result<element>& found) {
  std::int64_t value = 0;
  return found.get(value) == simdjson::SUCCESS ? value : 0;
}

// Over all brokers that the client talks to, the busiest counting.
struct Brokers {
  std::int64_t up = 0, errors = 0, connects = 0, disconnects = 0, average_us = 0, p99_us = 0;

  explicit Brokers(const simdjson::simdjson_result<element>& all) {
    object brokers;
    if (all.get(brokers) != simdjson::SUCCESS) return;
    for (const auto& [name, broker] : brokers) {
      connects += number(broker["connects"]);
      disconnects += number(broker["disconnects"]);
      errors += number(broker["txerrs"]) + number(broker["rxerrs"]) + number(broker["req_timeouts"]);
      average_us = std::max(average_us, number(broker["rtt"]["avg"]));
      p99_us = std::max(p99_us, number(broker["rtt"]["p99"]));
      // A coordinator stands there a second time, as a "logical" broker.
      std::string_view state, source;
      const bool is_logical = broker["source"].get(source) == simdjson::SUCCESS && source == "logical";
      if (number(broker["nodeid"]) < 0 || is_logical) continue;
      if (broker["state"].get(state) == simdjson::SUCCESS && state == "UP") ++up;
    }
  }
};

// What has been fetched and not yet polled.
struct Fetched {
  std::int64_t messages = 0, bytes = 0;

  explicit Fetched(const simdjson::simdjson_result<element>& all) {
    object topics;
    if (all.get(topics) != simdjson::SUCCESS) return;
    for (const auto& [name, topic] : topics) {
      object partitions;
      if (topic["partitions"].get(partitions) != simdjson::SUCCESS) continue;
      for (const auto& [partition, figures] : partitions) {
        messages += number(figures["fetchq_cnt"]);
        bytes += number(figures["fetchq_size"]);
      }
    }
  }
};

}  // namespace

struct ClientMetrics::Parser {
  simdjson::dom::parser json;
};

struct ClientMetrics::Figures {
  Figures(prometheus::Registry& r, const std::string& client)
      : brokers_up(gauge(r, "orderly_kafka_brokers_up", "Brokers that the client is connected to", client)),
        rtt_average(gauge(r, "orderly_kafka_rtt_average_seconds",
                          "Mean time from a request to its answer, of the slowest broker", client)),
        rtt_p99(gauge(r, "orderly_kafka_rtt_p99_seconds", "The same, 99th percentile", client)),
        outgoing_messages(gauge(r, "orderly_kafka_outgoing_messages", "Messages in the producer's queues", client)),
        outgoing_bytes(gauge(r, "orderly_kafka_outgoing_bytes", "Their size", client)),
        fetched_messages(gauge(r, "orderly_kafka_fetched_messages",
                               "Messages fetched ahead by the consumer, not yet taken", client)),
        fetched_bytes(gauge(r, "orderly_kafka_fetched_bytes", "Their size", client)),
        counters{
            &counter(r, "orderly_kafka_requests_total", "Requests sent to brokers", client),
            &counter(r, "orderly_kafka_sent_bytes_total", "Bytes sent to brokers", client),
            &counter(r, "orderly_kafka_received_bytes_total", "Bytes received from brokers", client),
            &counter(r, "orderly_kafka_errors_total", "Requests that failed or timed out", client),
            &counter(r, "orderly_kafka_connects_total", "Attempts to connect to a broker", client),
            &counter(r, "orderly_kafka_disconnects_total", "Connections that ended", client),
        } {}

  prometheus::Gauge &brokers_up, &rtt_average, &rtt_p99, &outgoing_messages, &outgoing_bytes, &fetched_messages,
      &fetched_bytes;
  std::array<prometheus::Counter*, 6> counters;
};

ClientMetrics::ClientMetrics(prometheus::Registry& registry, std::string client)
    : client_(std::move(client)),
      transaction_states_(prometheus::BuildGauge()
                              .Name("orderly_kafka_transaction_state")
                              .Help("1 for the state that the producer's transaction is in")
                              .Register(registry)),
      figures_(std::make_unique<Figures>(registry, client_)),
      parser_(std::make_unique<Parser>()) {}

ClientMetrics::~ClientMetrics() = default;

void ClientMetrics::update(const char* json, std::size_t size, Counted& counted) {
  const std::lock_guard lock{mutex_};
  element root;
  if (parser_->json.parse(json, size).get(root) != simdjson::SUCCESS) return;
  const Brokers brokers{root["brokers"]};
  const Fetched fetched{root["topics"]};
  figures_->brokers_up.Set(static_cast<double>(brokers.up));
  figures_->rtt_average.Set(static_cast<double>(brokers.average_us) * microseconds);
  figures_->rtt_p99.Set(static_cast<double>(brokers.p99_us) * microseconds);
  figures_->outgoing_messages.Set(static_cast<double>(number(root["msg_cnt"])));
  figures_->outgoing_bytes.Set(static_cast<double>(number(root["msg_size"])));
  figures_->fetched_messages.Set(static_cast<double>(fetched.messages));
  figures_->fetched_bytes.Set(static_cast<double>(fetched.bytes));
  const std::array now{number(root["tx"]), number(root["tx_bytes"]), number(root["rx_bytes"]),
                       brokers.errors,     brokers.connects,         brokers.disconnects};
  for (std::size_t i = 0; i < now.size(); ++i) {
    // A broker that the client no longer knows takes its counts along.
    figures_->counters[i]->Increment(static_cast<double>(std::max<std::int64_t>(0, now[i] - counted.values[i])));
    counted.values[i] = now[i];
  }
  std::string_view state;
  if (root["eos"]["txn_state"].get(state) == simdjson::SUCCESS) show_transaction_state(state);
}

void ClientMetrics::show_transaction_state(std::string_view state) {
  auto& shown = transaction_states_.Add({{"client", client_}, {"state", std::string{state}}});
  if (transaction_state_ != nullptr && transaction_state_ != &shown) transaction_state_->Set(0);
  shown.Set(1);
  transaction_state_ = &shown;
}

}  // namespace orderly::kafka
