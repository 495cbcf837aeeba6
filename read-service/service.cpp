#include "read-service/service.h"

#include "common/http/health.h"
#include "read-service/admin_api.h"
#include "read-service/pages.h"
#include "read-service/verification_api.h"

namespace orderly::read {
namespace {

http::ServerOptions observed(http::ServerOptions options, std::shared_ptr<prometheus::Registry> registry,
                             const tracing::Tracing* tracing) {
  options.registry = std::move(registry);
  options.tracer = tracing == nullptr ? nullptr : tracing->tracer();
  return options;
}

std::set<std::string> topics_of(const std::vector<std::shared_ptr<ServedView>>& views) {
  std::set<std::string> topics;
  for (const auto& view : views) topics.insert(view->definition.topics.begin(), view->definition.topics.end());
  return topics;
}

}  // namespace

ReadService::ReadService(ServiceOptions options, std::vector<ViewDefinition> views, OpenEventSource open,
                         const Clock& clock, const log::Logger& log)
    : data_(options.data),
      registry_(options.registry),
      views_([&] {
        std::vector<std::shared_ptr<ServedView>> served;
        for (auto& view : views) served.push_back(std::make_shared<ServedView>(std::move(view), *registry_));
        return served;
      }()),
      tracing_(tracing::make_tracing(options.tracing, "read-service", options.http.listen, *registry_, log)),
      stream_(topics_of(views_), options.stream, *registry_, log),
      throughput_(clock),
      server_(observed(options.http, registry_, tracing_.get()), log),
      waiters_([this](std::function<void()> task) { server_.run(std::move(task)); }),
      projector_(views_, open, waiters_, clock, *registry_,
                 {.folder = options.data / "views", .back_off = options.back_off, .listeners = listeners()}, log),
      verification_(views_, std::move(open), options.data / "verification", clock, log),
      api_(server_, waiters_, log) {
  for (const auto& view : views_) api_.add(view);
  stream_.add_route(server_);
  throughput_.add_route(server_);
  add_admin_routes(server_, views_, projector_);
  add_verification_routes(server_, verification_);
  http::add_health_routes(server_, registry_, [this] { return projector_.status(); });
  add_pages(server_);
}

std::vector<ProjectionListener*> ReadService::listeners() {
  std::vector<ProjectionListener*> all{&stream_, &throughput_};
  if (tracing_) all.push_back(&projection_tracing_.emplace(*tracing_->tracer()));
  return all;
}

ReadService::~ReadService() { stop(); }

void ReadService::start() {
  // Two services on one folder would each apply every event to the same rows.
  lock_ = std::make_unique<FileLock>(data_ / "read-service.lock");
  server_.start();  // first, so that an address in use is told before anything is written
  projector_.start();
}

void ReadService::stop() {
  waiters_.stop();  // all who wait get an answer
  stream_.stop();
  server_.stop();
  verification_.stop();
  projector_.stop();
  lock_.reset();
}

}  // namespace orderly::read
