#include "row_watcher.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "workload.h"

namespace orderly::bench {
namespace {

// Whether head and body have come as a whole.
bool is_complete(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  for (const char* name : {"Content-Length: ", "content-length: "}) {
    const auto at = answer.find(name);
    if (at < end) return answer.size() >= end + 4 + std::stoul(answer.substr(at + 16, 20));
  }
  return true;
}

}  // namespace

RowWatcher::RowWatcher(std::string host, std::uint16_t port, Seen seen)
    : host_(std::move(host)), port_(port), seen_(std::move(seen)), wake_(eventfd(0, EFD_NONBLOCK)), thread_([this] {
        run();
      }) {}

RowWatcher::~RowWatcher() {
  stopping_.store(true);
  eventfd_write(wake_, 1);
  thread_.join();
  for (auto& connection : connections_) close(connection.socket);
  close(wake_);
}

void RowWatcher::watch(std::uint64_t number) {
  {
    const std::lock_guard lock{mutex_};
    wanted_.push_back(number);
  }
  eventfd_write(wake_, 1);
}

int RowWatcher::connect() const {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  inet_pton(AF_INET, host_.c_str(), &address.sin_addr);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error{"no read service at " + host_ + ':' + std::to_string(port_)};
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void RowWatcher::run() {
  std::vector<pollfd> polled;
  while (!stopping_.load()) {
    polled.assign(1, {wake_, POLLIN, 0});
    for (const auto& connection : connections_) polled.push_back({connection.socket, POLLIN, 0});
    poll(polled.data(), polled.size(), 1'000);
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) receive(connections_[i - 1]);
    }
    if (polled[0].revents != 0) take_requests();
  }
}

void RowWatcher::take_requests() {
  eventfd_t count = 0;
  eventfd_read(wake_, &count);
  std::deque<std::uint64_t> wanted;
  {
    const std::lock_guard lock{mutex_};
    wanted.swap(wanted_);
  }
  std::size_t at = 0;
  for (const auto number : wanted) {
    while (at < connections_.size() && connections_[at].busy) ++at;
    if (at == connections_.size()) connections_.emplace_back(connect());
    send(connections_[at], number);
  }
}

void RowWatcher::send(Connection& connection, std::uint64_t number) {
  const std::string request = "GET /allocations/" + Workload::order_id(number) +
                              "?min_version=1&wait=10 HTTP/1.1\r\nHost: " + host_ + "\r\n\r\n";
  connection.busy = true;
  connection.number = number;
  connection.answer.clear();
  if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    throw std::runtime_error{"the read service closed a connection"};
  }
}

void RowWatcher::receive(Connection& connection) {
  std::array<char, 4096> bytes;
  const auto count = recv(connection.socket, bytes.data(), bytes.size(), 0);
  if (count <= 0) {
    if (connection.busy) ++failed_;
    close(connection.socket);
    connection = Connection{connect()};
    return;
  }
  connection.answer.append(bytes.data(), static_cast<std::size_t>(count));
  if (!is_complete(connection.answer)) return;
  connection.busy = false;
  if (connection.answer.starts_with("HTTP/1.1 200")) {
    seen_(connection.number, Clock::now());
  } else {
    ++failed_;
  }
}

}  // namespace orderly::bench
