#include "common/http/server.h"

#ifdef __SANITIZE_THREAD__  // does not follow Asio's fences; its queues are ordered by their mutex as well
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <restinio/all.hpp>
#include <thread>

#include "common/http/chunked_body.h"
#include "common/http/endpoint.h"
#include "common/http/limits.h"
#include "common/http/listener.h"
#include "common/http/negotiate.h"
#include "common/http/open_streams.h"
#include "common/http/problem.h"
#include "common/http/request_metrics.h"
#include "common/http/request_tracing.h"
#include "common/http/router.h"
#include "common/http/uri.h"

namespace orderly::http {
namespace {

Request to_request(const restinio::request_t& from) {
  const auto& header = from.header();
  Request request;
  request.method = header.method().c_str();
  request.path = std::string{header.path()};
  header.for_each_field([&](const auto& field) { request.headers.emplace_back(field.name(), field.value()); });
  request.body = from.body();
  return request;
}

}  // namespace

struct ServerCore : std::enable_shared_from_this<ServerCore> {
  ServerCore(ServerOptions wanted, const log::Logger& logger)
      : options(std::move(wanted)), log(logger.module("http")), metrics(options.registry) {
    parse_endpoint(options.listen);
  }

  void add(const std::string& method, const std::string& route, Handler handler, Names repeatable_names) {
    router.add(method, route);
    metrics.add_route(method + ' ' + route);
    route_names.push_back(method + ' ' + route);
    handlers.push_back(std::move(handler));
    repeatable.push_back(std::move(repeatable_names));
  }
  restinio::request_handling_status_t handle(const restinio::request_handle_t& from);
  void route(Request& request, Responder responder, Responder::Exchange& exchange, const restinio::request_t& from);
  void answered() {
    const std::lock_guard lock{mutex};
    --under_way;
    idle.notify_all();
  }

  const ServerOptions options;
  const log::Logger log;
  RequestMetrics metrics;
  Router router;
  std::vector<Handler> handlers;  // as the router numbers its routes; metrics number them one higher
  std::vector<Names> repeatable;  // likewise
  std::vector<std::string> route_names;
  std::atomic<std::uint16_t> bound_port = 0;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::condition_variable idle;
  int under_way = 0;
  OpenStreams streams;  // answers that would not end by themselves
  asio::io_context context;
  std::unique_ptr<Listener> listener;
  std::vector<std::thread> threads;
};

// One request until its answer. Holds the core, so that an answer after stop() finds everything alive.
class Responder::Exchange {
  template <class Output>
  auto begin(const Response& response) {
    const restinio::http_status_line_t line{restinio::http_status_code_t{static_cast<std::uint16_t>(response.status)},
                                            std::string{reason_phrase(response.status)}};
    auto builder = request_->create_response<Output>(line);
    for (const auto& [name, value] : response.headers) builder.append_header(name, value);
    builder.append_header_date_field();
    close_ ? builder.connection_close() : builder.connection_keep_alive();
    return builder;
  }

 public:
  Exchange(std::shared_ptr<ServerCore> core, restinio::request_handle_t request, const Request& seen)
      : core_(std::move(core)),
        request_(std::move(request)),
        head_(seen.method == "HEAD"),
        path_(seen.path),
        wishes_(wishes_of(seen)),
        tracing_(core_->options.tracer, seen) {
    // RESTinio expects an upgrade to follow such a request; curl --http2 sends one, and is content with HTTP/1.1.
    close_ = !request_->header().should_keep_alive() || seen.header("upgrade").has_value();
  }
  ~Exchange() {
    if (!sent_) send(to_response({.status = 500, .detail = "the request was dropped without an answer"}, path_));
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void set_route(std::size_t route) { route_ = route; }
  std::size_t route() const { return route_; }

  void send(Response response) {
    if (sent_.exchange(true)) return;
    try {
      const Offers offers{core_->options.gzip_from_bytes, core_->options.cors_origin};
      if (negotiate(response, wishes_, offers)) head_ = true;
      core_->metrics.count(route_, response.status, std::chrono::steady_clock::now() - started_);
      tracing_.answered(core_->metrics.name(route_), response.status);
      write(std::move(response));
    } catch (const std::exception& error) {
      core_->log.warn("an answer could not be sent",
                      {{"route", core_->metrics.name(route_)}, {"reason", error.what()}});
      core_->answered();
    }
    request_.reset();
  }

  std::shared_ptr<BodyStream> stream(Response head) {
    if (head_ || sent_.exchange(true)) {
      send(std::move(head));
      return nullptr;
    }
    negotiate(head, {}, {core_->options.gzip_from_bytes, core_->options.cors_origin});
    core_->metrics.count(route_, head.status, std::chrono::steady_clock::now() - started_);
    tracing_.answered(core_->metrics.name(route_), head.status);
    close_ = true;
    // Weak: what is queued for a connection is owned, through its context, by the core itself.
    const auto run = [weak = std::weak_ptr{core_}](std::function<void()> task) {
      if (const auto core = weak.lock()) asio::post(core->context, std::move(task));
    };
    const auto ended = [weak = std::weak_ptr{core_}] {
      if (const auto core = weak.lock()) core->answered();
    };
    auto body = std::make_shared<ChunkedBody>(begin<restinio::chunked_output_t>(head),
                                              ChunkedBody::Surroundings{core_, run, ended});
    core_->streams.add(body);
    return body;
  }

 private:
  void write(Response response) {
    auto builder = begin<restinio::user_controlled_output_t>(response);
    builder.set_content_length(response.body.size());
    if (!head_ && !response.body.empty()) builder.append_body(std::move(response.body));
    builder.done([core = std::weak_ptr{core_}](const auto&) {
      if (const auto alive = core.lock()) alive->answered();
    });
  }

  std::shared_ptr<ServerCore> core_;
  restinio::request_handle_t request_;
  bool head_ = false, close_ = false;
  std::string path_;
  Wishes wishes_;
  RequestTracing tracing_;
  std::size_t route_ = RequestMetrics::unmatched;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<bool> sent_ = false;
};

void Responder::send(Response response) const { exchange_->send(std::move(response)); }
std::shared_ptr<BodyStream> Responder::stream(Response head) const { return exchange_->stream(std::move(head)); }

restinio::request_handling_status_t ServerCore::handle(const restinio::request_handle_t& from) {
  Request request = to_request(*from);
  {
    const std::lock_guard lock{mutex};
    ++under_way;
  }
  const auto exchange = std::make_shared<Responder::Exchange>(shared_from_this(), from, request);
  try {
    route(request, Responder{exchange}, *exchange, *from);
  } catch (const std::exception& error) {
    log.error("a handler failed", {{"route", metrics.name(exchange->route())}, {"reason", error.what()}});
    exchange->send(to_response({.status = 500, .detail = "the request could not be answered"}, request.path));
  }
  return restinio::request_accepted();
}

void ServerCore::route(Request& request, Responder responder, Responder::Exchange& exchange,
                       const restinio::request_t& from) {
  if (!is_utf8(request.path))
    return responder.send(to_response({.status = 400, .detail = "the path is not UTF-8"}, ""));
  const auto refuse = [&](const Problem& problem, Fields fields = {}) {
    auto response = to_response(problem, request.path);
    response.headers.insert(response.headers.end(), fields.begin(), fields.end());
    responder.send(std::move(response));
  };
  const Limits limits{options.max_url_bytes, options.max_header_bytes, options.max_body_bytes};
  if (const auto problem = refuse_oversized(request, from.header().request_target().size(), limits))
    return refuse(*problem);
  auto found = router.find(request.method, request.path);
  if (const auto* other = std::get_if<Router::WrongMethod>(&found)) {
    if (request.method == "OPTIONS" && !options.cors_origin.empty()) {
      return responder.send({.status = 200,
                             .headers = {{"Access-Control-Allow-Methods", other->allow},
                                         {"Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match"},
                                         {"Access-Control-Max-Age", "600"}},
                             .body = {}});
    }
    return refuse({.status = 405, .detail = request.method + " is not for " + request.path}, {{"Allow", other->allow}});
  }
  auto* matched = std::get_if<Router::Matched>(&found);
  if (matched == nullptr) return refuse({.status = 404, .detail = "there is no " + request.path + " here"});
  exchange.set_route(matched->route + 1);
  if (options.gate) {
    if (auto refusal = options.gate(request, route_names[matched->route])) return responder.send(*std::move(refusal));
  }
  auto query = parse_query(from.header().query(), repeatable[matched->route]);
  if (!query) return refuse({.status = 400, .detail = query.error()});
  request.parameters = std::move(matched->parameters);
  request.query = std::move(*query);
  if (request.method == "HEAD") request.method = "GET";
  handlers[matched->route](request, std::move(responder));
}

Server::Server(ServerOptions options, const log::Logger& log)
    : core_(std::make_shared<ServerCore>(std::move(options), log)) {}
Server::~Server() { stop(); }

void Server::get(const std::string& route, Handler handler, Names repeatable) {
  core_->add("GET", route, std::move(handler), std::move(repeatable));
}
void Server::post(const std::string& route, Handler handler) { core_->add("POST", route, std::move(handler), {}); }

std::vector<std::string> Server::routes() const { return core_->router.routes(); }

void Server::start() {
  auto& core = *core_;
  core.listener =
      make_listener(core.context, core.options,
                    {.request = [&core](restinio::request_handle_t request) { return core.handle(request); },
                     .bound = [&core](std::uint16_t port) { core.bound_port = port; },
                     .stopping = [&core] { return core.stopping.load(); }});
  try {
    core.listener->open();
  } catch (const std::exception& error) {
    core.listener.reset();
    throw std::runtime_error{"cannot listen on " + core.options.listen + ": " + error.what()};
  }
  for (unsigned i = 0; i < std::max(1U, core.options.threads); ++i) {
    core.threads.emplace_back([&core] { core.context.run(); });
  }
}

std::uint16_t Server::port() const { return core_->bound_port; }

void Server::stop() {
  auto& core = *core_;
  if (core.threads.empty()) return;
  core.stopping = true;
  core.streams.end();
  {
    std::unique_lock lock{core.mutex};
    core.idle.wait_for(lock, std::chrono::seconds{2}, [&] { return core.under_way == 0; });
  }
  core.context.stop();
  for (auto& thread : core.threads) thread.join();
  core.threads.clear();
  core.listener->close();  // only now: RESTinio's acceptor may not be closed while another thread accepts
}

void Server::run(std::function<void()> task) { asio::post(core_->context, std::move(task)); }

}  // namespace orderly::http
