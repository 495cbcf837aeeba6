// A small HTTP client on a plain socket, so that tests can be as rude as strangers are.
// Threads: one a Connection. Failures: throws when there is no connection; what the server says is a value.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>
#include <string>

namespace orderly::test {

struct Reply {
  int status = 0;                              // 0: the server closed the connection without an answer
  std::map<std::string, std::string> headers;  // names in small letters
  std::string body;
};

class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(socket_);
      throw std::runtime_error{"no connection"};
    }
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  Reply receive(bool has_body = true) {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!fill()) return {};
    }
    Reply reply;
    const auto head_size = buffer_.find("\r\n\r\n") + 4;
    read_head(buffer_.substr(0, head_size), reply);
    buffer_.erase(0, head_size);
    const auto length = reply.headers.contains("content-length") ? std::stoul(reply.headers["content-length"]) : 0;
    if (!has_body || reply.status == 304) return reply;
    while (buffer_.size() < length) {
      if (!fill()) return {};
    }
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return reply;
  }

  Reply request(const std::string& method, const std::string& target, const std::string& headers = "") {
    if (!send(method + ' ' + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n")) return {};
    return receive(method != "HEAD");
  }

  // One chunk of a chunked body; empty: the last one, or the server has closed.
  std::string receive_chunk() {
    auto line_end = buffer_.find("\r\n");
    for (; line_end == std::string::npos; line_end = buffer_.find("\r\n")) {
      if (!fill()) return {};
    }
    const auto size = std::stoul(buffer_, nullptr, 16);
    while (buffer_.size() < line_end + 2 + size + 2) {
      if (!fill()) return {};
    }
    auto chunk = buffer_.substr(line_end + 2, size);
    buffer_.erase(0, line_end + 2 + size + 2);
    return chunk;
  }

  bool is_closed() { return !fill(); }

 private:
  bool fill() {
    char bytes[16'384];
    const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  static void read_head(const std::string& head, Reply& reply) {
    std::from_chars(head.data() + 9, head.data() + 12, reply.status);
    auto at = head.find("\r\n") + 2;
    while (at + 2 < head.size()) {
      const auto colon = head.find(": ", at), end = head.find("\r\n", at);
      auto name = head.substr(at, colon - at);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      reply.headers[name] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
  }

  int socket_;
  std::string buffer_;
};

inline Reply get(std::uint16_t port, const std::string& target, const std::string& headers = "") {
  return Connection{port}.request("GET", target, headers);
}

}  // namespace orderly::test
