// The address to listen on, as --listen gives it: 127.0.0.1:8080, :8080 (all addresses), [::1]:8080, localhost:8080.
// Threads: any. Failures: parse_endpoint throws std::invalid_argument with a sentence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orderly::http {

struct Endpoint {
  std::string host;  // an IP address
  std::uint16_t port = 0;
};

Endpoint parse_endpoint(std::string_view listen);

// How many connections may be open: `wanted`, or what the process's file limit (raised as far as it goes) leaves. A
// server that runs out of files stops accepting for good.
std::size_t allowed_connections(std::size_t wanted);

}  // namespace orderly::http
