// What every librdkafka client of ours reports: its log lines go to our log, its figures to our metrics where there are
// some, and whether all brokers are away is known, and why.
// Threads: librdkafka calls from its own threads; the queries may come from any. Must outlive its client.
#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/kafka/client_metrics.h"
#include "common/kafka/ports.h"
#include "common/log/log.h"

namespace orderly::kafka {

class ClientCallbacks {
 public:
  explicit ClientCallbacks(const log::Logger& log, std::shared_ptr<ClientMetrics> metrics = nullptr)
      : log_(log.module("kafka")), metrics_(std::move(metrics)) {}
  ClientCallbacks(const ClientCallbacks&) = delete;
  ClientCallbacks& operator=(const ClientCallbacks&) = delete;

  // Makes the client; takes `conf` over. Throws Error (fatal) with librdkafka's reason.
  rd_kafka_t* create(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_log_cb(conf, &ClientCallbacks::on_log);
    rd_kafka_conf_set_error_cb(conf, &ClientCallbacks::on_error);
    if (metrics_) rd_kafka_conf_set_stats_cb(conf, &ClientCallbacks::on_statistics);
    std::array<char, 512> reason{};
    errno = 0;
    rd_kafka_t* client = rd_kafka_new(type, conf, reason.data(), reason.size());
    if (client == nullptr) {
      if (errno == EDEADLK) end_the_program(reason.data());
      rd_kafka_conf_destroy(conf);
      throw Error{Error::Kind::fatal, std::string{"cannot make a Kafka client: "} + reason.data()};
    }
    return client;
  }

  bool all_brokers_down() const { return all_brokers_down_.load(); }
  void broker_is_back() {
    all_brokers_down_.store(false);
    const std::lock_guard lock{mutex_};
    reason_.clear();
  }
  // `what`, and why the last connection failed where that is known: a refused password, a certificate of a stranger.
  std::string with_reason(std::string what) const {
    const std::lock_guard lock{mutex_};
    return reason_.empty() ? what : what + ": " + reason_;
  }

 private:
  // A client whose threads did not start within a minute (the process was frozen at a bad moment) cannot be had, nor be
  // got rid of: its threads start in the end, and use what would be freed here. A new process goes on where this one was.
  [[noreturn]] void end_the_program(const char* reason) const {
    log_.error("the program ends: a Kafka client's threads cannot be taken back", {{"reason", reason}});
    std::_Exit(EXIT_FAILURE);
  }

  static void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
    auto* self = static_cast<ClientCallbacks*>(rd_kafka_opaque(client));
    if (std::string_view{facility} == "FAIL") self->remember(text);
    if (level <= 3) {
      self->log_.warn(text, {{"facility", facility}});
    } else {
      self->log_.debug(text, {{"facility", facility}});
    }
  }
  static void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
    auto* self = static_cast<ClientCallbacks*>(opaque);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) self->all_brokers_down_.store(true);
    self->log_.debug("Kafka client reports an error", {{"reason", reason}});
  }
  static int on_statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
    auto* self = static_cast<ClientCallbacks*>(opaque);
    self->metrics_->update(json, size, self->counted_);
    return 0;  // librdkafka frees the text
  }

  // "[thrd:NAME]: HOST:PORT/ID: REASON (after 5ms in state …)", without what differs from one time to the next.
  void remember(std::string_view text) {
    if (text.starts_with("[thrd:")) text.remove_prefix(std::min(text.find("]: "), text.size() - 3) + 3);
    text = text.substr(0, text.find(" (after "));
    const std::lock_guard lock{mutex_};
    reason_ = text;
  }

  log::Logger log_;
  const std::shared_ptr<ClientMetrics> metrics_;
  ClientMetrics::Counted counted_;
  mutable std::mutex mutex_;
  std::string reason_;
  std::atomic<bool> all_brokers_down_ = false;
};

}  // namespace orderly::kafka
