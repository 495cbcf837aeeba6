// The read service put together: views, projector, waiting requests, HTTP. main() and the tests make the same one.
// Threads: start and stop from one. Failures: start() throws when the address or the data folder cannot be had; a
// broker that is away is no failure.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "common/clock/clock.h"
#include "common/file_lock/file_lock.h"
#include "common/http/server.h"
#include "common/tracing/tracing.h"
#include "read-service/live_stream.h"
#include "read-service/projection_tracing.h"
#include "read-service/projector.h"
#include "read-service/query_api.h"
#include "read-service/served_view.h"
#include "read-service/throughput.h"
#include "read-service/verification.h"
#include "read-service/waiters.h"

namespace orderly::read {

struct ServiceOptions {
  std::filesystem::path data;
  http::ServerOptions http = {};  // its registry is set by the service
  subscription::BackOff back_off = {.first = std::chrono::milliseconds{500}, .longest = std::chrono::seconds{30}};
  LiveStreamOptions stream = {};
  tracing::Settings tracing = {};
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
};

class ReadService {
 public:
  ReadService(ServiceOptions options, std::vector<ViewDefinition> views, OpenEventSource open, const Clock& clock,
              const log::Logger& log);
  ~ReadService();

  void start();
  void stop();
  const std::vector<std::shared_ptr<ServedView>>& views() const { return views_; }
  std::uint16_t port() const { return server_.port(); }
  std::vector<std::string> routes() const { return server_.routes(); }
  prometheus::Registry& registry() { return *registry_; }

 private:
  std::vector<ProjectionListener*> listeners();

  const std::filesystem::path data_;
  const std::shared_ptr<prometheus::Registry> registry_;
  std::vector<std::shared_ptr<ServedView>> views_;
  std::unique_ptr<FileLock> lock_;
  const std::unique_ptr<tracing::Tracing> tracing_;  // null: off
  std::optional<ProjectionTracing> projection_tracing_;
  LiveStream stream_;
  Throughput throughput_;
  http::Server server_;
  Waiters waiters_;
  Projector projector_;
  Verification verification_;
  QueryApi api_;
};

}  // namespace orderly::read
