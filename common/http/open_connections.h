// Counts a server's open connections. RESTinio's own limiter leaves those beyond it in the backlog, unanswered; here
// they are closed. Included by the server alone. Threads: any. Failures: none.
#pragma once

#include <mutex>
#include <restinio/connection_state_listener.hpp>
#include <unordered_set>

namespace orderly::http {

class OpenConnections {
 public:
  explicit OpenConnections(std::size_t most) : most_(most) {}
  void state_changed(const restinio::connection_state::notice_t& notice) noexcept {
    const std::lock_guard lock{mutex_};
    if (restinio::holds_alternative<restinio::connection_state::accepted_t>(notice.cause())) {
      open_.insert(notice.connection_id());
    } else {
      open_.erase(notice.connection_id());  // may be told twice
    }
  }
  bool full() const {
    const std::lock_guard lock{mutex_};
    return open_.size() >= most_;
  }

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_set<restinio::connection_id_t> open_;
};

}  // namespace orderly::http
