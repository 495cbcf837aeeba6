#include "read-service/pages.h"

#include <map>

#include "common/http/problem.h"
#include "read-service/web/web.h"

namespace orderly::read {
namespace {

std::string type_of(std::string_view name) {
  static const std::map<std::string_view, std::string> types{{".html", "text/html; charset=utf-8"},
                                                             {".css", "text/css; charset=utf-8"},
                                                             {".js", "text/javascript; charset=utf-8"},
                                                             {".json", "application/json"},
                                                             {".svg", "image/svg+xml"},
                                                             {".txt", "text/plain; charset=utf-8"}};
  return types.at(name.substr(name.rfind('.')));
}

// Asked about each time, and answered with 304: a new version of the program shows itself at once.
http::Response page(const web::File& file) {
  http::Response response{
      .status = 200, .headers = {{"Content-Type", type_of(file.name)}}, .body = std::string{file.text}};
  response.headers.emplace_back("ETag", "W/\"" + std::to_string(std::hash<std::string_view>{}(file.text)) + '"');
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (!file.name.ends_with(".html")) return response;
  // Nothing but what this service serves itself: no inline script or style, no other origin, no frame around it.
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace

void add_pages(http::Server& server) {
  std::map<std::string, http::Response, std::less<>> pages;
  for (const auto& file : web::files()) pages.emplace(file.name, page(file));
  const auto serve = [&](const std::string& route, const std::string& name) {
    server.get(route, [answer = pages.at(name)](const http::Request&, const http::Responder& responder) {
      responder.send(answer);
    });
  };
  serve("/", "index.html");
  serve("/openapi.json", "openapi.json");
  server.get("/assets/:file", [pages](const http::Request& request, const http::Responder& responder) {
    const auto found = pages.find(request.parameters.at("file"));
    if (found != pages.end()) return responder.send(found->second);
    responder.send(http::to_response({.status = 404, .detail = "there is no such file"}, request.path));
  });
}

}  // namespace orderly::read
