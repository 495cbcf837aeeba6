// GET /stream: each published event as a server-sent event, once every healthy view holds it. A client that comes back
// with Last-Event-ID goes on where it was, without loss or repeat, as long as what it missed is still in the ring;
// otherwise, and whenever events could not be followed, it gets a `reset`: look at everything anew. Nothing is buffered
// for a client but what is being written to it: one whose next event has left the ring, or that takes nothing for long,
// is `dropped`.
// Threads: as ProjectionListener says; its own for sending. Failures: none. Destroyed after the server has stopped.
#pragma once

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/http/server.h"
#include "common/log/log.h"
#include "read-service/live_stream_reader.h"
#include "read-service/projection_listener.h"

namespace orderly::read {

struct LiveStreamOptions {
  std::size_t ring_bytes =
      8 * 1'024 * 1'024;  // of events as the broker gave them; as JSON they take about four times that
  std::size_t most_clients = 5'000;
  std::chrono::milliseconds heartbeat{15'000};     // shorter than proxies and the server wait for the next byte
  std::chrono::milliseconds longest_write{8'000};  // shorter than the server's own limit, so that the reason is told
  std::chrono::milliseconds longest_lead{5'000};   // how long a client waits that is ahead of this replica
};

class LiveStream final : public ProjectionListener {
 public:
  LiveStream(std::set<std::string> topics, LiveStreamOptions options, prometheus::Registry& registry,
             const log::Logger& log);
  ~LiveStream() override;

  void add_route(http::Server& server);
  void stop();  // ends every stream

  void reading_from(const Positions& positions) override;
  void applied(const EventBatch& batch) override;
  void lagging(std::int64_t) override {}

 private:
  using Moment = StreamReader::Moment;
  struct Client {
    StreamReader reader;
    std::shared_ptr<http::BodyStream> body;
    Moment since;       // of the write under way, or of the last one
    bool busy = false;  // a write is under way; what it needs of the reader is the writer's alone
    bool gone = false;
  };

  void open(const http::Request& request, const http::Responder& responder);
  void run();
  bool attend(const std::shared_ptr<Client>& client, Moment now);
  bool pump(const std::shared_ptr<Client>& client);
  void send(const std::shared_ptr<Client>& client, std::vector<http::Piece> pieces);
  void written(const std::shared_ptr<Client>& client, bool ok);
  void drop(const std::shared_ptr<Client>& client, const std::string& reason);
  void remove(const std::shared_ptr<Client>& client);

  const std::set<std::string> topics_;
  const LiveStreamOptions options_;
  const log::Logger log_;
  prometheus::Gauge& open_;
  prometheus::Family<prometheus::Counter>& dropped_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool news_ = false;
  EventRing ring_;
  std::set<std::shared_ptr<Client>> clients_;
  std::thread thread_;  // last: begins when all else is there
};

}  // namespace orderly::read
