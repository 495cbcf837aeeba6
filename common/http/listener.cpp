#include "common/http/listener.h"

#ifdef __SANITIZE_THREAD__  // does not follow Asio's fences; its queues are ordered by their mutex as well
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <restinio/all.hpp>

#include "common/http/endpoint.h"
#include "common/http/open_connections.h"
#include "common/http/tls.h"
#include "common/http/tls_socket.h"

namespace orderly::http {
namespace {

struct Traits : restinio::default_traits_t {
  using request_handler_t = std::function<restinio::request_handling_status_t(restinio::request_handle_t)>;
  using connection_state_listener_t = OpenConnections;
};

struct TlsTraits : Traits {
  using stream_socket_t = TimedTlsSocket;
};

template <class SomeTraits>
struct ListenerOf final : Listener {
  ListenerOf(asio::io_context& context, restinio::server_settings_t<SomeTraits> settings)
      : server(restinio::external_io_context(context), std::move(settings)) {}
  void open() override { server.open_sync(); }
  void close() override { server.close_sync(); }
  restinio::http_server_t<SomeTraits> server;
};

template <class SomeTraits>
restinio::server_settings_t<SomeTraits> settings_of(const ServerOptions& options, Listener::Hooks hooks,
                                                    std::shared_ptr<OpenConnections> connections,
                                                    std::function<bool()> full) {
  const auto endpoint = parse_endpoint(options.listen);
  restinio::server_settings_t<SomeTraits> settings;
  settings.address(endpoint.host).port(endpoint.port);
  settings.protocol(endpoint.host.find(':') == std::string::npos ? asio::ip::tcp::v4() : asio::ip::tcp::v6());
  settings.incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                        .max_url_size(2 * options.max_url_bytes)
                                        .max_field_name_size(1'024)
                                        .max_field_value_size(2 * options.max_header_bytes)
                                        .max_field_count(128)
                                        .max_body_size(2 * options.max_body_bytes));
  settings.read_next_http_message_timelimit(options.read_timeout);
  settings.write_http_response_timelimit(options.read_timeout);
  settings.handle_request_timeout(options.handling_timeout);
  settings.max_pipelined_requests(8);
  settings.connection_state_listener(std::move(connections));
  settings.socket_options_setter([stopping = std::move(hooks.stopping), full = std::move(full)](auto& socket) {
    // Thrown here, it closes the new socket and nothing else.
    if (stopping()) throw std::runtime_error{"the server ends"};
    if (full()) throw std::runtime_error{"too many connections"};
    socket.set_option(asio::ip::tcp::no_delay{true});
  });
  settings.acceptor_post_bind_hook(
      [bound = std::move(hooks.bound)](auto& acceptor) { bound(acceptor.local_endpoint().port()); });
  settings.request_handler(std::move(hooks.request));
  return settings;
}

}  // namespace

std::unique_ptr<Listener> make_listener(asio::io_context& context, const ServerOptions& options,
                                        Listener::Hooks hooks) {
  const auto most = allowed_connections(options.max_connections);
  const auto connections = std::make_shared<OpenConnections>(most);
  if (options.tls_certificate.empty()) {
    const auto full = [connections] { return connections->full(); };
    return std::make_unique<ListenerOf<Traits>>(context,
                                                settings_of<Traits>(options, std::move(hooks), connections, full));
  }
  const auto tls = make_tls_context(options.tls_certificate, options.tls_key);
  // Each socket holds the context, so those that are still shaking hands count too.
  const auto full = [weak = std::weak_ptr{tls}, most] { return static_cast<std::size_t>(weak.use_count()) > most; };
  auto settings = settings_of<TlsTraits>(options, std::move(hooks), connections, full);
  settings.tls_context(tls);
  return std::make_unique<ListenerOf<TlsTraits>>(context, std::move(settings));
}

}  // namespace orderly::http
