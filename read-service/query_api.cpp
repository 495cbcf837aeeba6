#include "read-service/query_api.h"

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "common/http/problem.h"
#include "read-service/page_token.h"
#include "read-service/query_parameters.h"

namespace orderly::read {
namespace {

using http::Problem;

http::Response fresh(http::Response response) {
  // Kept by a cache, asked about each time: the ETag makes that cheap.
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

http::Response not_yet_complete(const ServedView& view, const std::string& path) {
  auto response = http::to_response({.status = 503,
                                     .detail = "view " + view.definition.name + " is still being filled",
                                     .members = {{"lag_messages", view.metrics.lag()}}},
                                    path);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// One request for a resource, looked at as often as its version makes necessary.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(std::shared_ptr<ServedView> view, const ResourceRoute& route, const http::Request& request,
          Freshness freshness, http::Responder responder, Waiters& waiters, const log::Logger& log)
      : view_(std::move(view)),
        route_(route),
        id_(id_in_path(route.path, request.parameters)),
        path_(request.path),
        freshness_(freshness),
        deadline_(std::chrono::steady_clock::now() + freshness.wait),
        responder_(std::move(responder)),
        waiters_(waiters),
        log_(log) {}

  void run() noexcept {
    try {
      look();
    } catch (const std::exception& error) {
      log_.error("a query failed", {{"route", route_.path}, {"reason", error.what()}});
      responder_.send(http::to_response({.status = 500, .detail = "the query failed"}, path_));
    }
  }

 private:
  void look() {
    while (true) {
      const auto commits = waiters_.commits(view_->definition.name);
      const auto answer = query();
      if (answer && answer->version >= freshness_.min_version) return responder_.send(give(*answer));
      if (std::chrono::steady_clock::now() >= deadline_ || waiters_.is_stopped()) {
        return responder_.send(answer ? too_old(*answer) : not_yet_complete(*view_, path_));
      }
      // Something of which nothing is known yet wakes with its first version: which stream it has is only known then.
      const bool unknown = !answer || answer->version == 0;
      if (waiters_.wait({.view = view_->definition.name,
                         .key = answer ? answer->wake_key : "",
                         .version = unknown ? 0 : freshness_.min_version,
                         .deadline = deadline_,
                         .commits = commits,
                         .look_again = [self = shared_from_this()] { self->run(); }})) {
        return;
      }
    }
  }

  std::optional<Answer> query() const {
    const auto readers = view_->readers();
    if (!readers) return std::nullopt;
    const auto reader = readers->borrow();
    auto present = route_.query(*reader, id_);
    if (!freshness_.as_of || !present.json || present.version < freshness_.min_version) return present;
    auto past = route_.as_of(*reader, id_, *freshness_.as_of);
    past.version = present.version;
    if (!past.json && !past.problem) past.problem = {.status = 404, .detail = absence_then(*freshness_.as_of)};
    return past;
  }

  std::string absence_then(const AsOf& as_of) const {
    const auto name = route_.noun + ' ' + id_;
    if (as_of.time) return "there was no " + name + " at " + to_rfc3339(*as_of.time);
    return name + " has no version " + std::to_string(as_of.version);
  }

  http::Response give(const Answer& answer) const {
    if (answer.problem) return http::to_response(*answer.problem, path_);
    if (!answer.json)
      return http::to_response({.status = 404, .detail = "there is no " + route_.noun + ' ' + id_}, path_);
    auto response = fresh(http::json_response(*answer.json));
    // Weak, since gzip or not gives the same tag; with the schema's version, since a new one may write new JSON.
    const auto schema = std::to_string(view_->definition.schema_version);
    response.headers.emplace_back("ETag", "W/\"" + schema + '-' + answer.etag + '"');
    return response;
  }

  http::Response too_old(const Answer& answer) const {
    return http::to_response({.status = 504,
                              .detail = "the view does not hold that version yet",
                              .type = "urn:orderly:problem:not-yet-visible",
                              .title = "Not yet visible",
                              .members = {{"view", view_->definition.name},
                                          {"current_version", answer.version},
                                          {"wanted_version", freshness_.min_version},
                                          {"lag_messages", view_->metrics.lag()}}},
                             path_);
  }

  const std::shared_ptr<ServedView> view_;
  const ResourceRoute& route_;  // lives in the view's definition
  const std::string id_, path_;
  const Freshness freshness_;
  const Waiters::Deadline deadline_;
  const http::Responder responder_;
  Waiters& waiters_;
  const log::Logger log_;
};

http::Response page(const ListRoute& route, const ListRequest& request, const std::vector<ListRow>& rows) {
  http::JsonWriter json;
  json.begin_object().key("items").begin_array();
  const auto given = std::min(rows.size(), static_cast<std::size_t>(request.most));
  for (std::size_t i = 0; i < given; ++i) json.raw(rows[i].json);
  json.end_array();
  if (rows.size() > given) json.member("next_page_token", encode({route.path, request.filters, rows[given - 1].key}));
  return fresh(http::json_response(json.end_object().take()));
}

}  // namespace

void QueryApi::add(const std::shared_ptr<ServedView>& view) {
  for (const auto& route : view->definition.resources) add_resource(view, route);
  for (const auto& route : view->definition.lists) add_list(view, route);
}

void QueryApi::add_resource(const std::shared_ptr<ServedView>& view, const ResourceRoute& route) {
  server_.get(route.path, [this, view, &route](const http::Request& request, http::Responder responder) {
    const auto freshness = parse_freshness(route, request.query);
    if (!freshness) return responder.send(http::to_response(freshness.error(), request.path));
    if (!view->readers() && freshness->wait.count() == 0) return responder.send(not_yet_complete(*view, request.path));
    std::make_shared<Attempt>(view, route, request, *freshness, std::move(responder), waiters_, log_)->run();
  });
}

void QueryApi::add_list(const std::shared_ptr<ServedView>& view, const ListRoute& route) {
  server_.get(route.path, [view, &route](const http::Request& request, const http::Responder& responder) {
    const auto wanted = parse_list_request(route, request);
    if (!wanted) return responder.send(http::to_response(wanted.error(), request.path));
    const auto readers = view->readers();
    if (!readers) return responder.send(not_yet_complete(*view, request.path));
    auto one_more = *wanted;
    ++one_more.most;  // tells whether there is a next page
    const auto rows = route.query(*readers->borrow(), one_more);
    responder.send(rows ? page(route, *wanted, *rows) : http::to_response(rows.error(), request.path));
  });
}

}  // namespace orderly::read
