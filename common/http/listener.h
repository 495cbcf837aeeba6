// RESTinio's server as ours runs it, with or without TLS: limits, time-outs, and no more connections than files.
// Included by the server alone. Threads: one opens and closes; the hooks are called on the context's threads.
// Failures: make_listener throws std::invalid_argument for TLS files, open() what RESTinio says of the address.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <restinio/request_handler.hpp>

#include "common/http/server.h"

namespace orderly::http {

class Listener {
 public:
  struct Hooks {
    std::function<restinio::request_handling_status_t(restinio::request_handle_t)> request;
    std::function<void(std::uint16_t)> bound;
    std::function<bool()> stopping;
  };
  virtual ~Listener() = default;
  virtual void open() = 0;
  virtual void close() = 0;
};

std::unique_ptr<Listener> make_listener(asio::io_context& context, const ServerOptions& options,
                                        Listener::Hooks hooks);

}  // namespace orderly::http
