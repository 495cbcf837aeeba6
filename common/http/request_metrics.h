// Requests counted by route and status, and how long each took; silent without a registry.
// Threads: add_route() before the server starts, count() from any. Failures: none.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <string>

namespace orderly::http {

class RequestMetrics {
 public:
  static constexpr std::size_t unmatched = 0;  // the route of requests that have none

  explicit RequestMetrics(std::shared_ptr<prometheus::Registry> registry);

  // Numbers the routes 1, 2, 3 …
  std::size_t add_route(const std::string& route);
  // As it was registered, such as "GET /orders/:order_id": for logs, where no path may stand with whatever ids it
  // names.
  const std::string& name(std::size_t route) const { return routes_[route].name; }
  void count(std::size_t route, int status, std::chrono::steady_clock::duration took);

 private:
  struct Route {
    std::string name;
    prometheus::Histogram* seconds = nullptr;
    // A counter is looked up once for each status, since the look-up takes a lock and builds a map.
    std::array<std::atomic<prometheus::Counter*>, 600> by_status{};
  };
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>* requests_ = nullptr;
  prometheus::Family<prometheus::Histogram>* seconds_ = nullptr;
  std::deque<Route> routes_;
};

}  // namespace orderly::http
