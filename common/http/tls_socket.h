// RESTinio's TLS socket with what it lacks: a limit on the time of the handshake. Without it, whoever connects and says
// nothing would hold a file for ever, and a server out of files stops accepting. Included by the server alone.
// Threads: RESTinio's. Failures: a handshake that takes too long is a failed one.
#pragma once

#include <asio/steady_timer.hpp>
#include <chrono>
#include <restinio/all.hpp>
#include <restinio/tls.hpp>

namespace orderly::http {

inline constexpr std::chrono::seconds handshake_timeout{10};

class TimedTlsSocket : public restinio::impl::tls_socket_t {
 public:
  explicit TimedTlsSocket(tls_socket_t&& socket) : tls_socket_t(std::move(socket)) {}
};

// RESTinio finds it by its argument. Both ends of the race run in the connection's strand.
template <class Connection, class Start, class Failed>
void prepare_connection_and_start_read(TimedTlsSocket& socket, Connection& connection, Start start, Failed failed) {
  const auto timer = std::make_shared<asio::steady_timer>(socket.get_executor(), handshake_timeout);
  const auto alive = connection.shared_from_this();
  timer->async_wait(asio::bind_executor(connection.get_executor(), [alive, &socket](const asio::error_code& ended) {
    asio::error_code ignored;  // one that is closed already is what is wanted
    if (!ended) socket.lowest_layer().close(ignored);
  }));
  const auto shaken = [alive, timer, start, failed](const asio::error_code& error) mutable {
    timer->cancel();
    error ? failed(error) : start();
  };
  socket.async_handshake(asio::ssl::stream_base::server, asio::bind_executor(connection.get_executor(), shaken));
}

}  // namespace orderly::http

namespace restinio {

template <class Settings>
class socket_type_dependent_settings_t<Settings, orderly::http::TimedTlsSocket>
    : public socket_type_dependent_settings_t<Settings, tls_socket_t> {
 protected:
  ~socket_type_dependent_settings_t() = default;

 public:
  socket_type_dependent_settings_t() = default;
  socket_type_dependent_settings_t(socket_type_dependent_settings_t&&) = default;
};

namespace impl {

template <>
class socket_supplier_t<orderly::http::TimedTlsSocket> : protected socket_supplier_t<tls_socket_t> {
 protected:
  using Base = socket_supplier_t<tls_socket_t>;
  using Base::Base;
  using Base::concurrent_accept_sockets_count;
  using Base::socket;
  orderly::http::TimedTlsSocket move_socket(std::size_t index) {
    return orderly::http::TimedTlsSocket{Base::move_socket(index)};
  }
};

}  // namespace impl
}  // namespace restinio
