// The HTTP server of both services. Handlers answer at once or later, from any thread, through a Responder; what a
// stranger sends is bounded. gzip, HEAD, ETag/304, CORS and problem documents for wrong routes are done here. Threads:
// register, start and stop from one; handlers run on the server's. Failures: start() throws with a sentence, a handler
// that throws gives a 500.
//
//   Server server{{.listen = "127.0.0.1:8080"}, log};
//   server.get("/orders/:order_id", [](const Request& request, Responder responder) { responder.send(…); });
//   server.start();
#pragma once

#include <prometheus/registry.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/http/bearer.h"
#include "common/http/body_stream.h"
#include "common/http/message.h"
#include "common/log/log.h"

namespace orderly::tracing {
class Tracer;
}

namespace orderly::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";  // host:port, :port for all addresses, port 0 for any free one
  unsigned threads = 2;
  std::size_t max_connections = 16'384;  // fewer where the process may not open so many files; more are closed at once
  std::size_t max_url_bytes = 8'192;
  std::size_t max_header_bytes = 16'384;
  std::size_t max_body_bytes = 1 << 20;
  std::chrono::milliseconds read_timeout{15'000};      // for a whole request, and for the next one on a connection
  std::chrono::milliseconds handling_timeout{40'000};  // longer than any handler may wait
  std::size_t gzip_from_bytes = 1'024;
  std::string cors_origin = {};                              // empty: off
  std::string tls_certificate = {}, tls_key = {};            // PEM files, read at start(); empty: plain HTTP
  Gate gate = nullptr;                                       // who may use which route; none: everybody
  std::shared_ptr<prometheus::Registry> registry = nullptr;  // where the request metrics go, if anywhere
  const tracing::Tracer* tracer = nullptr;                   // records requests whose traceparent says so; null: none
};

// Answers one request, once; a second send does nothing. Dropped without an answer: a 500.
class Responder {
 public:
  class Exchange;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void send(Response response) const;

  // Sends the head, and gives the body to be written piece by piece; null when there is none to write, as for a HEAD.
  // It keeps nothing alive: dropped, it ends.
  std::shared_ptr<BodyStream> stream(Response head) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(const Request&, Responder)>;

struct ServerCore;  // the server underneath; outlives every answer that is still to be given

class Server {
 public:
  // Throws std::invalid_argument when `listen` is no address.
  Server(ServerOptions options, const log::Logger& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A query parameter that is given twice is refused, but for those that are `repeatable`: they come joined by commas.
  void get(const std::string& route, Handler handler, Names repeatable = {});
  void post(const std::string& route, Handler handler);

  // "GET /orders/:order_id", each that has been registered.
  std::vector<std::string> routes() const;

  // Listens from the return on. Throws std::runtime_error when it cannot, such as an address in use;
  // std::invalid_argument when there is something wrong with the TLS files.
  void start();
  std::uint16_t port() const;

  // Takes no more connections, ends the streams, gives answers under way two seconds, ends.
  void stop();

  // Runs a task on one of the server's threads; after stop() it is dropped.
  void run(std::function<void()> task);

 private:
  std::shared_ptr<ServerCore> core_;
};

}  // namespace orderly::http
