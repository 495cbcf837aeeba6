#include "common/http/endpoint.h"

#include <arpa/inet.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace orderly::http {

Endpoint parse_endpoint(std::string_view listen) {
  const auto colon = listen.rfind(':');
  Endpoint endpoint;
  const auto fail = [&] { throw std::invalid_argument{"--listen: host:port wanted, got " + std::string{listen}}; };
  if (colon == listen.npos) fail();
  const auto port = listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) fail();
  auto host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  endpoint.host = host.empty() || host == "*" ? "0.0.0.0" : host == "localhost" ? "127.0.0.1" : std::string{host};
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, endpoint.host.c_str(), address.data()) != 1 &&
      inet_pton(AF_INET6, endpoint.host.c_str(), address.data()) != 1) {
    fail();
  }
  return endpoint;
}

std::size_t allowed_connections(std::size_t wanted) {
  constexpr rlim_t kept_for_files = 512;  // databases, the broker's sockets, logs
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::min<std::size_t>(wanted, 256);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted + kept_for_files);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  const auto spare = limit.rlim_cur > 2 * kept_for_files ? limit.rlim_cur - kept_for_files : limit.rlim_cur / 2;
  return std::min<std::size_t>(wanted, spare);
}

}  // namespace orderly::http
