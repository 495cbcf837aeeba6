#include "read-service/verification_api.h"

#include <array>

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "common/http/problem.h"

namespace orderly::read {
namespace {

constexpr std::array<std::string_view, 4> report_states{"none", "running", "done", "failed"};
constexpr std::array<std::string_view, 6> view_states{"waiting", "replaying", "comparing",
                                                      "equal",   "different", "not_verified"};

void write_view(http::JsonWriter& json, const VerifiedView& view) {
  json.begin_object().member("name", view.name);
  json.member("state", view_states.at(static_cast<std::size_t>(view.state))).member_if_any("reason", view.reason);
  json.member("messages_read", view.messages_read).member("messages_total", view.messages_total);
  json.member("rows", view.rows).member("rows_not_compared", view.rows_not_compared);
  json.member("differing_rows", view.differing_rows).key("differences").begin_array();
  for (const auto& difference : view.differences) {
    json.begin_object().member("table", difference.table).member("key", difference.key);
    for (const auto& [side, row] : {std::pair{"live", &difference.live}, {"replayed", &difference.replayed}}) {
      json.key(side);
      row->empty() ? json.null() : json.value(*row);
    }
    json.end_object();
  }
  json.end_array().end_object();
}

http::Response to_response(const VerificationReport& report) {
  http::JsonWriter json;
  json.begin_object().member("state", report_states.at(static_cast<std::size_t>(report.state)));
  json.member_if_any("reason", report.reason);
  if (report.started_at) json.member("started_at", to_rfc3339(*report.started_at));
  if (report.finished_at) json.member("finished_at", to_rfc3339(*report.finished_at));
  json.key("views").begin_array();
  for (const auto& view : report.views) write_view(json, view);
  auto response = http::json_response(json.end_array().end_object().take());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

void add_verification_routes(http::Server& server, Verification& verification) {
  server.get("/admin/verify", [&](const http::Request&, const http::Responder& responder) {
    responder.send(to_response(verification.report()));
  });
  server.post("/admin/verify", [&](const http::Request& request, const http::Responder& responder) {
    if (!verification.start()) {
      return responder.send(
          http::to_response({.status = 409, .detail = "a verification is running already"}, request.path));
    }
    auto response = to_response(verification.report());
    response.status = 202;
    responder.send(response);
  });
}

}  // namespace orderly::read
