// The live stream's fan-out: so many clients of GET /stream, events published to one partition, and how long each event
// takes from its publishing to each client. One JSON object on stdout.
//   bench-fan-out --brokers H:P --port P --clients N --events N [--rate R]      rate 0: all at once
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iostream>
#include <thread>

#include "client.h"
#include "common/options/options.h"
#include "latency.h"
#include "workload.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Settings {
  std::string brokers;
  std::uint16_t port = 0;
  std::size_t clients = 1'000, events = 1'000;
  double rate = 0;
};

// Counts the lines that begin with "data: " in what comes in pieces.
class DataLines {
 public:
  std::size_t count(std::string_view bytes) {
    constexpr std::string_view wanted = "\ndata: ";
    std::size_t found = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (matched_ == 0) {
        const auto at = bytes.find('\n', i);
        if (at == bytes.npos) break;
        i = at;
      }
      matched_ = bytes[i] == wanted[matched_] ? matched_ + 1 : bytes[i] == '\n' ? 1 : 0;
      if (matched_ < wanted.size()) continue;
      ++found;
      matched_ = 0;
    }
    return found;
  }

 private:
  std::size_t matched_ = 0;
};

struct StreamClient {
  int socket = -1;
  bool greeted = false;
  std::size_t seen = 0;
  DataLines lines;
};

class Clients {
 public:
  Clients(const Settings& s, const std::vector<Clock::time_point>& sent)
      : clients_(s.clients), events_(s.events), sent_(sent), epoll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].socket = connect(s.port);
      epoll_event wanted{.events = EPOLLIN, .data = {.u64 = i}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].socket, &wanted);
    }
    while (greeted_ < clients_.size()) receive();
  }
  ~Clients() {
    for (const auto& client : clients_) close(client.socket);
    close(epoll_);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Milliseconds of each event to each client, when all have all.
  std::vector<double> run() {
    while (ms_.size() < clients_.size() * events_) receive();
    std::ranges::sort(ms_);
    return std::move(ms_);
  }

 private:
  static int connect(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    constexpr std::string_view request = "GET /stream?topic=allocation.events HTTP/1.1\r\nHost: x\r\n\r\n";
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != std::ssize(request)) {
      throw std::runtime_error{std::string{"cannot connect: "} + std::strerror(errno)};
    }
    return fd;
  }

  void receive() {
    std::array<epoll_event, 256> ready;
    const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 20'000);
    if (count <= 0) throw std::runtime_error{"nothing comes any more; " + std::to_string(ms_.size()) + " had come"};
    for (int i = 0; i < count; ++i) receive(clients_[ready[static_cast<std::size_t>(i)].data.u64]);
  }

  void receive(StreamClient& client) {
    std::array<char, 65'536> bytes;
    const auto size = recv(client.socket, bytes.data(), bytes.size(), 0);
    if (size <= 0) throw std::runtime_error{"the service has dropped a client"};
    const std::string_view text{bytes.data(), static_cast<std::size_t>(size)};
    if (!client.greeted && text.find("\nid: ") != text.npos) {
      client.greeted = true;
      ++greeted_;
    }
    const auto now = Clock::now();
    for (auto more = client.lines.count(text); more > 0 && client.seen < events_; --more) {
      ms_.push_back(std::chrono::duration<double, std::milli>(now - sent_[client.seen++]).count());
    }
  }

  std::vector<StreamClient> clients_;
  const std::size_t events_;
  const std::vector<Clock::time_point>& sent_;
  std::size_t greeted_ = 0;
  std::vector<double> ms_;
  const int epoll_;
};

void publish(const Settings& s, std::vector<Clock::time_point>& sent) {
  Workload workload{{.skus = 1}};  // so that all lie in one partition, in order
  auto settings = sender_settings(s.brokers);
  settings["linger.ms"] = "0";
  const auto producer = make_producer(settings);
  const Topic topic{rd_kafka_topic_new(producer.get(), "allocation.events", nullptr)};
  const auto start = Clock::now();
  for (std::size_t i = 0; i < s.events; ++i) {
    if (s.rate > 0)
      std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(
                                                std::chrono::duration<double>(static_cast<double>(i) / s.rate)));
    const auto record = i == 0 ? workload.batch_created(0) : workload.allocated(i);
    sent[i] = Clock::now();
    produce(producer.get(), {topic.get(), RD_KAFKA_PARTITION_UA, record.key, record.value, record.headers});
    rd_kafka_poll(producer.get(), 0);
  }
  rd_kafka_flush(producer.get(), 60'000);
}

void run(const Settings& s) {
  std::vector<Clock::time_point> sent(s.events);
  Clients clients{s, sent};
  const auto start = Clock::now();
  std::jthread publisher{[&] { publish(s, sent); }};
  const auto ms = clients.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::cout << "{\"clients\": " << s.clients << ", \"events\": " << s.events << ", \"rate\": " << s.rate
            << ", \"seconds\": " << seconds << ", \"p50_ms\": " << quantile(ms, 0.5)
            << ", \"p99_ms\": " << quantile(ms, 0.99) << ", \"max_ms\": " << quantile(ms, 1.0) << "}\n";
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  orderly::bench::Settings s;
  orderly::options::Parser parser{"bench-fan-out", "many clients of the live stream, and how soon each has each event"};
  parser.add()("brokers", po::value(&s.brokers)->required(), "Kafka's bootstrap servers")(
      "port", po::value(&s.port)->required(), "of the read service")(
      "clients", po::value(&s.clients)->default_value(s.clients), "of the stream")(
      "events", po::value(&s.events)->default_value(s.events), "published; the topic must be empty")(
      "rate", po::value(&s.rate)->default_value(s.rate), "events a second; 0: all at once");
  if (!parser.parse(argc, argv, orderly::options::environment())) return 0;
  orderly::bench::run(s);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-fan-out: " << error.what() << '\n';
  return 1;
}
