// Floor (h): the read service's HTTP server giving a fixed answer, to any order and to the page of orders.
//   bench-floor-http --listen H:P --order FILE --page FILE      until SIGTERM; the files hold the bodies
#include <fstream>
#include <iostream>
#include <iterator>

#include "common/http/server.h"
#include "common/options/options.h"
#include "common/process/termination.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::invalid_argument{"cannot read " + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// With the headers that the service sets, so that both send as many bytes.
http::Handler always(std::string body, bool tagged) {
  return [body = std::move(body), tagged](const http::Request&, const http::Responder& responder) {
    auto response = http::json_response(body);
    response.headers.emplace_back("Cache-Control", "no-cache");
    if (tagged) response.headers.emplace_back("ETag", "W/\"1-5.3\"");
    responder.send(std::move(response));
  };
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  std::string order, page, data;
  orderly::http::ServerOptions http;
  orderly::options::Parser parser{"bench-floor-http", "the bare server that the queries are measured against"};
  parser.add()("listen", po::value(&http.listen)->required(), "address for HTTP")(
      "order", po::value(&order)->required(), "file with the answer to /orders/ID")(
      "page", po::value(&page)->required(), "file with the answer to /orders")("data", po::value(&data), "not used");
  if (!parser.parse(argc, argv, orderly::options::environment())) return 0;
  orderly::Termination termination;
  http.registry = std::make_shared<prometheus::Registry>();
  orderly::http::Server server{http, orderly::log::Logger::silent()};
  server.get("/orders/:order_id", orderly::bench::always(orderly::bench::content_of(order), true));
  server.get("/orders", orderly::bench::always(orderly::bench::content_of(page), false));
  server.start();
  termination.wait();
  server.stop();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-floor-http: " << error.what() << '\n';
  return 1;
}
