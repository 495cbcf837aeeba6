// A client of GET /stream that reads events as they come, as slowly as a test wants.
// Threads: one. Failures: throws when nothing comes for 20 s.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "tests/views/http_client.h"

namespace orderly::test {

struct StreamEvent {
  std::string event, id, data;
};

class StreamClient {
 public:
  StreamClient(std::uint16_t port, const std::string& query = "", const std::string& last_event_id = "")
      : connection_(port) {
    const auto resume = last_event_id.empty() ? "" : "Last-Event-ID: " + last_event_id + "\r\n";
    head_ = connection_.request("GET", "/stream" + query, resume);
  }
  const Reply& head() const { return head_; }

  // The next event that has data; nothing when the stream has ended. Ids without data are taken note of.
  std::optional<StreamEvent> next() {
    while (true) {
      const auto end = text_.find("\n\n");
      if (end == std::string::npos) {
        if (!read_chunk()) return std::nullopt;
        continue;
      }
      const auto event = parse(text_.substr(0, end + 1));
      text_.erase(0, end + 2);
      if (!event.data.empty()) return event;
    }
  }
  std::vector<StreamEvent> next(std::size_t count) {
    std::vector<StreamEvent> events;
    while (events.size() < count) {
      auto event = next();
      if (!event) break;
      events.push_back(std::move(*event));
    }
    return events;
  }
  // Until the greeting is there, from which on nothing is missed.
  StreamClient& ready() {
    while (last_event_id_.empty()) {
      if (!read_chunk()) throw std::runtime_error{"the stream ended before it began"};
      for (auto end = text_.find("\n\n"); end != std::string::npos && last_event_id_.empty();
           end = text_.find("\n\n")) {
        parse(text_.substr(0, end + 1));
        text_.erase(0, end + 2);
      }
    }
    return *this;
  }
  const std::string& last_event_id() const { return last_event_id_; }
  // How many comments have come so far, without an event between them.
  std::size_t comments() {
    for (auto end = text_.find("\n\n"); end != std::string::npos && text_.starts_with(':'); end = text_.find("\n\n")) {
      parse(text_.substr(0, end + 1));
      text_.erase(0, end + 2);
    }
    return comments_;
  }
  bool read_chunk() {
    const auto chunk = connection_.receive_chunk();
    text_ += chunk;
    return !chunk.empty();
  }

 private:
  StreamEvent parse(const std::string& block) {
    StreamEvent event;
    for (std::size_t at = 0; at < block.size();) {
      const auto end = block.find('\n', at);
      const auto line = block.substr(at, end - at);
      at = end + 1;
      if (line.starts_with(':')) ++comments_;
      if (line.starts_with("event: ")) event.event = line.substr(7);
      if (line.starts_with("id: ")) last_event_id_ = event.id = line.substr(4);
      if (line.starts_with("data: ")) event.data = line.substr(6);
    }
    return event;
  }

  Connection connection_;
  Reply head_;
  std::string text_, last_event_id_;
  std::size_t comments_ = 0;
};

}  // namespace orderly::test
