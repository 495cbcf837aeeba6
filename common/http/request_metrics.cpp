#include "common/http/request_metrics.h"

namespace orderly::http {

RequestMetrics::RequestMetrics(std::shared_ptr<prometheus::Registry> registry) : registry_(std::move(registry)) {
  if (registry_) {
    requests_ = &prometheus::BuildCounter()
                     .Name("orderly_http_requests_total")
                     .Help("HTTP requests answered, by route and status")
                     .Register(*registry_);
    seconds_ = &prometheus::BuildHistogram()
                    .Name("orderly_http_request_seconds")
                    .Help("From a request read to its answer handed to the socket, by route")
                    .Register(*registry_);
  }
  add_route("unmatched");
}

std::size_t RequestMetrics::add_route(const std::string& route) {
  static const prometheus::Histogram::BucketBoundaries buckets{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  auto& added = routes_.emplace_back();
  added.name = route;
  if (seconds_ != nullptr) added.seconds = &seconds_->Add({{"route", route}}, buckets);
  return routes_.size() - 1;
}

void RequestMetrics::count(std::size_t route, int status, std::chrono::steady_clock::duration took) {
  if (!registry_) return;
  auto& counted = routes_[route];
  auto& slot = counted.by_status[static_cast<std::size_t>(status) % counted.by_status.size()];
  auto* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &requests_->Add({{"route", counted.name}, {"status", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
  counted.seconds->Observe(std::chrono::duration<double>(took).count());
}

}  // namespace orderly::http
