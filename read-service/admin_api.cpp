#include "read-service/admin_api.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/http/json.h"
#include "common/http/problem.h"
#include "read-service/generations.h"

namespace orderly::read {
namespace {

using Views = std::vector<std::shared_ptr<ServedView>>;

constexpr std::array<std::string_view, 4> phase_names{"starting", "catching_up", "live", "failed"};

void write_number_or_null(http::JsonWriter& json, std::string_view name, std::optional<double> number) {
  json.key(name);
  number ? json.value(std::round(*number * 1'000) / 1'000) : json.null();
}

void write_progress(http::JsonWriter& json, const FillProgress& progress) {
  json.begin_object().member("generation", progress.generation);
  write_number_or_null(json, "progress", progress.done());
  json.member("messages_read", progress.messages_read).member("messages_total", progress.messages_total);
  write_number_or_null(json, "messages_per_second", progress.messages_per_second);
  write_number_or_null(json, "seconds_left", progress.seconds_left());
  json.member_if_any("reason", progress.reason).end_object();
}

void write_generation(http::JsonWriter& json, std::string_view name, std::optional<int> generation) {
  json.key(name);
  generation ? json.value(*generation) : json.null();
}

void write_view(http::JsonWriter& json, ServedView& view) {
  const auto state = view.state();
  const auto readers = view.readers();
  const auto fill = view.fill(), replacement = view.replacement();
  json.begin_object().member("name", view.definition.name);
  json.member("phase", phase_names.at(static_cast<std::size_t>(state.phase))).member_if_any("reason", state.reason);
  json.member("schema_version", view.definition.schema_version);
  write_generation(json, "generation", readers ? generation_of(readers->file(), view.definition.name) : std::nullopt);
  write_generation(json, "previous_generation", view.previous_generation());
  json.member("lag_messages", view.metrics.lag());
  write_number_or_null(json, "events_per_second", view.events_per_second());
  if (fill) write_progress(json.key("fill"), *fill);
  if (replacement) write_progress(json.key("replacement"), *replacement);
  json.end_object();
}

http::Response list(const Views& views) {
  http::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const auto& view : views) write_view(json, *view);
  auto response = http::json_response(json.end_array().end_object().take());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

using Replace = std::optional<std::string> (Projector::*)(ServedView&);

http::Response replace(const Views& views, const http::Request& request, Projector& projector, Replace how) {
  const auto& name = request.parameters.at("name");
  const auto view = std::ranges::find(views, name, [](const auto& one) { return one->definition.name; });
  if (view == views.end()) {
    return http::to_response({.status = 404, .detail = "there is no view " + name}, request.path);
  }
  if (const auto reason = (projector.*how)(**view)) {
    return http::to_response({.status = 409, .detail = "view " + name + ": " + *reason}, request.path);
  }
  http::JsonWriter json;
  write_view(json, **view);
  auto response = http::json_response(json.take());
  response.status = 202;
  return response;
}

}  // namespace

void add_admin_routes(http::Server& server, const Views& views, Projector& projector) {
  const auto add = [&](const std::string& verb, Replace how) {
    server.post("/admin/views/:name/" + verb,
                [views, &projector, how](const http::Request& request, const http::Responder& responder) {
                  responder.send(replace(views, request, projector, how));
                });
  };
  server.get("/admin/views",
             [views](const http::Request&, const http::Responder& responder) { responder.send(list(views)); });
  add("rebuild", &Projector::rebuild);
  add("rollback", &Projector::roll_back);
}

}  // namespace orderly::read
