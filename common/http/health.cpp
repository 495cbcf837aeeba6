#include "common/http/health.h"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "common/http/json.h"
#include "common/metrics/process_metrics.h"

namespace orderly::http {
namespace {

Response uncached(Response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response readiness_response(const std::vector<Readiness>& parts, bool stale_will_do) {
  const bool ready =
      std::ranges::all_of(parts, [&](const Readiness& part) { return part.ready || (stale_will_do && part.stale); });
  JsonWriter json;
  json.begin_object().member("status", ready ? "ready" : "not ready").key("parts").begin_array();
  for (const auto& part : parts) {
    json.begin_object().member("name", part.name).member("ready", part.ready).member_if_any("reason", part.reason);
    json.end_object();
  }
  auto response = json_response(json.end_array().end_object().take());
  response.status = ready ? 200 : 503;
  return uncached(std::move(response));
}

}  // namespace

void add_health_routes(Server& server, std::shared_ptr<prometheus::Registry> registry,
                       std::function<std::vector<Readiness>()> parts) {
  server.get("/healthz", [](const Request&, const Responder& responder) {
    responder.send(uncached(json_response(JsonWriter{}.begin_object().member("status", "alive").end_object().take())));
  });
  auto& ready =
      prometheus::BuildGauge().Name("orderly_ready").Help("1 when this part of /readyz is ready").Register(*registry);
  server.get("/metrics", [registry = std::move(registry), &ready, parts](const Request&, const Responder& responder) {
    for (const auto& part : parts()) ready.Add({{"part", part.name}}).Set(part.ready ? 1 : 0);
    auto families = registry->Collect();
    for (auto& family : metrics::ProcessMetrics{}.Collect()) families.push_back(std::move(family));
    responder.send(uncached({.status = 200,
                             .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                             .body = prometheus::TextSerializer{}.Serialize(families)}));
  });
  server.get("/readyz", [parts = std::move(parts)](const Request& request, const Responder& responder) {
    const auto stale = request.query.find("stale");
    responder.send(readiness_response(parts(), stale != request.query.end() && stale->second == "ok"));
  });
}

}  // namespace orderly::http
