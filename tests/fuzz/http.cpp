// What a stranger's request makes of our own code behind RESTinio's parser. Lines: method, path, query, Authorization,
// Accept-Encoding and If-None-Match; the rest is a page token.
#include "common/http/gzip.h"
#include "common/http/limits.h"
#include "common/http/negotiate.h"
#include "common/http/router.h"
#include "common/http/uri.h"
#include "read-service/live_stream_position.h"
#include "read-service/page_token.h"
#include "read-service/query_parameters.h"
#include "tests/fuzz/targets.h"

namespace orderly::fuzz {
namespace {

const http::Router& router() {
  static const auto made = [] {
    http::Router routes;
    for (const auto* route : {"/", "/orders/:order_id", "/orders", "/orders/:order_id/history",
                              "/dead-letters/:partition/:offset"}) {
      routes.add("GET", route);
    }
    routes.add("POST", "/admin/views/:name/rebuild");
    return routes;
  }();
  return made;
}

const read::ListRoute list{"/orders", {"customer_id", "status"}, 2, nullptr};
const read::ResourceRoute resource{
    "/orders/:order_id", "order", nullptr, true, [](auto&, const auto&, const auto&) { return read::Answer{}; }};

}  // namespace

void http(std::string_view bytes) {
  Pieces pieces{bytes};
  http::Request request;
  request.method = pieces.line();
  request.path = pieces.line();
  const auto query = http::parse_query(pieces.line(), {"topic"});
  for (const auto* name : {"Authorization", "Accept-Encoding", "If-None-Match"}) {
    request.headers.emplace_back(name, pieces.line());
  }
  const auto found = router().find(request.method, request.path);
  if (const auto* matched = std::get_if<http::Router::Matched>(&found)) {
    request.parameters = matched->parameters;
    for (const auto& [name, value] : request.parameters) {
      hold(!value.empty() && http::is_utf8(value), "a parameter is text");
    }
    if (matched->route == 1) hold(!read::id_in_path(resource.path, request.parameters).empty(), "an id is not empty");
  }
  if (query) {
    request.query = *query;
    for (const auto& [name, value] : *query) hold(http::is_utf8(name) && http::is_utf8(value), "a query is text");
    (void)read::parse_freshness(resource, request.query);
    const auto page = read::parse_list_request(list, request);
    hold(!page || (page->most >= 1 && page->most <= read::most_per_page), "a page is neither empty nor endless");
  }
  (void)http::accepts_gzip(request.header("accept-encoding").value_or(""));
  http::Response response{.status = 200, .headers = {{"ETag", "W/\"1-2\""}}, .body = std::string(2'000, 'x')};
  http::negotiate(response, http::wishes_of(request), {});
  hold(response.status == 200 || response.status == 304, "an answer stays one");
  (void)read::decode_offsets(pieces.rest(), 4);
  const auto token = read::decode_page_token(pieces.rest());
  if (token) hold(read::encode(*token).size() > 0, "a page token can be given again");
}

}  // namespace orderly::fuzz
