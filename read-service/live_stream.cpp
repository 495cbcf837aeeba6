#include "read-service/live_stream.h"

#include <algorithm>
#include <optional>

#include "common/http/json.h"
#include "common/http/problem.h"

namespace orderly::read {
namespace {

using namespace std::chrono_literals;

// What a write costs the two sides of the kernel and us, roughly. Pausing as long as the writes of one round will take
// leaves half of a core to everything else, however many clients there are.
constexpr auto pause_per_write = 20us;

prometheus::Counter& written_events(prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name("orderly_stream_events_written_total")
      .Help("Events written as JSON for the live stream, once for all clients")
      .Register(registry)
      .Add({});
}

http::Response refusal(int status, const std::string& detail, const http::Request& request) {
  return http::to_response({.status = status, .detail = detail}, request.path);
}

std::set<std::string> split(std::string_view list) {
  std::set<std::string> names;
  while (!list.empty()) {
    const auto name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    names.emplace(name);
  }
  return names;
}

std::string join(const std::set<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

LiveStream::LiveStream(std::set<std::string> topics, LiveStreamOptions options, prometheus::Registry& registry,
                       const log::Logger& log)
    : topics_(std::move(topics)),
      options_(options),
      log_(log.module("stream")),
      open_(prometheus::BuildGauge()
                .Name("orderly_stream_clients")
                .Help("Clients of the live stream")
                .Register(registry)
                .Add({})),
      dropped_(prometheus::BuildCounter()
                   .Name("orderly_stream_dropped_total")
                   .Help("Clients of the live stream that were dropped because they read too slowly")
                   .Register(registry)),
      ring_(options.ring_bytes, written_events(registry)),
      thread_([this] { run(); }) {}

LiveStream::~LiveStream() { stop(); }

void LiveStream::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  const auto ended = [&] {
    const std::lock_guard lock{mutex_};
    return std::exchange(clients_, {});
  }();
  for (const auto& client : ended) client->body->end({});
  open_.Set(0);
}

void LiveStream::add_route(http::Server& server) {
  server.get("/stream",
             [this](const http::Request& request, const http::Responder& responder) { open(request, responder); },
             {"topic"});
}

void LiveStream::open(const http::Request& request, const http::Responder& responder) {
  std::set<std::string> topics;
  for (const auto& [name, value] : request.query) {
    if (name != "topic") return responder.send(refusal(400, "unknown query parameter " + name, request));
    topics = split(value);
  }
  for (const auto& topic : topics) {
    if (topics_.contains(topic)) continue;
    return responder.send(refusal(400, "there is no topic " + topic + " here; known: " + join(topics_), request));
  }
  if (topics.empty()) {
    std::ranges::copy_if(topics_, std::inserter(topics, topics.end()),
                         [](const auto& topic) { return topic.ends_with(".events"); });
  }
  const std::lock_guard lock{mutex_};
  if (stopped_ || clients_.size() >= options_.most_clients) {
    auto full = refusal(503, "the live stream takes no more clients", request);
    full.headers.emplace_back("Retry-After", "5");
    return responder.send(std::move(full));
  }
  auto body = responder.stream({.status = 200,
                                .headers = {{"Content-Type", "text/event-stream"},
                                            {"Cache-Control", "no-store"},
                                            {"X-Accel-Buffering", "no"}},  // nginx holds answers back otherwise
                                .body = {}});
  if (!body) return;
  const auto now = std::chrono::steady_clock::now();
  StreamReader reader{std::move(topics), std::string{request.header("last-event-id").value_or("")},
                      now + options_.longest_lead};
  clients_.insert(std::make_shared<Client>(Client{std::move(reader), std::move(body), now}));
  open_.Set(static_cast<double>(clients_.size()));
  news_ = true;
  changed_.notify_all();
}

void LiveStream::reading_from(const Positions& positions) {
  const std::lock_guard lock{mutex_};
  if (!ring_.begin(positions)) {
    for (const auto& client : clients_) client->reader.reset("events were taken in without being streamed");
  }
  news_ = true;
  changed_.notify_all();
}

void LiveStream::applied(const EventBatch& batch) {
  const std::lock_guard lock{mutex_};
  ring_.append(batch);
  news_ = true;
  changed_.notify_all();
}

void LiveStream::run() {
  const auto tick = std::min<std::chrono::milliseconds>(1s, options_.heartbeat / 4);
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    changed_.wait_for(lock, tick, [&] { return stopped_ || news_; });
    news_ = false;
    const std::vector<std::shared_ptr<Client>> clients{clients_.begin(), clients_.end()};
    lock.unlock();
    const auto now = std::chrono::steady_clock::now();
    const auto writes = std::ranges::count_if(clients, [&](const auto& client) { return attend(client, now); });
    lock.lock();
    changed_.wait_for(lock, writes * pause_per_write, [&] { return stopped_; });
  }
}

// True: something was sent.
bool LiveStream::attend(const std::shared_ptr<Client>& client, Moment now) {
  std::unique_lock lock{mutex_};
  if (client->gone) return false;
  const bool behind = client->reader.is_behind(ring_);
  if (behind || (client->busy && now - client->since >= options_.longest_write)) {
    lock.unlock();
    drop(client, behind ? "behind" : "stalled");
    return true;
  }
  if (!client->busy && now - client->since >= options_.heartbeat) {
    client->busy = true;
    lock.unlock();
    send(client, {http::whole(":\n\n")});
    return true;
  }
  lock.unlock();
  return pump(client);
}

// Sends what the client wants next, if nothing is under way to it.
bool LiveStream::pump(const std::shared_ptr<Client>& client) {
  while (true) {
    StreamReader::Blocks blocks;
    {
      const std::lock_guard lock{mutex_};
      if (client->busy || client->gone || !client->reader.place(ring_, std::chrono::steady_clock::now())) return false;
      if (client->reader.is_behind(ring_)) return false;  // its end is at hand
      blocks = client->reader.take(ring_);
      client->busy = true;
    }
    auto pieces = client->reader.cut(blocks);
    if (!pieces.empty()) {
      send(client, std::move(pieces));
      return true;
    }
    const std::lock_guard lock{mutex_};
    client->busy = false;
    if (!client->reader.has_more(ring_)) return false;
  }
}

void LiveStream::send(const std::shared_ptr<Client>& client, std::vector<http::Piece> pieces) {
  {
    const std::lock_guard lock{mutex_};
    client->since = std::chrono::steady_clock::now();
  }
  client->body->send(std::move(pieces), [this, weak = std::weak_ptr{client}](bool ok) {
    // Held by clients_ alone but for moments, so that it is gone with this object.
    if (const auto alive = weak.lock()) written(alive, ok);
  });
}

void LiveStream::written(const std::shared_ptr<Client>& client, bool ok) {
  if (!ok) return remove(client);
  const std::lock_guard lock{mutex_};
  client->busy = false;
  client->since = std::chrono::steady_clock::now();
  if (!client->reader.has_more(ring_)) return;
  news_ = true;  // what came while it was busy
  changed_.notify_all();
}

void LiveStream::drop(const std::shared_ptr<Client>& client, const std::string& reason) {
  remove(client);
  const std::string detail = reason == "behind"
                                 ? "the next event for this client is no longer held: it reads too slowly"
                                 : "nothing could be written to this client for too long";
  dropped_.Add({{"reason", reason}}).Increment();
  log_.warn("a client of the live stream is dropped", {{"reason", detail}});
  http::JsonWriter json;
  const auto data = json.begin_object().member("reason", detail).end_object().take();
  client->body->end({http::whole("event: dropped\ndata: " + data + "\n\n")});
}

void LiveStream::remove(const std::shared_ptr<Client>& client) {
  const std::lock_guard lock{mutex_};
  client->gone = true;
  clients_.erase(client);
  open_.Set(static_cast<double>(clients_.size()));
}

}  // namespace orderly::read
