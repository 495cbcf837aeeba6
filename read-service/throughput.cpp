#include "read-service/throughput.h"

#include <algorithm>

#include "common/http/json.h"

namespace orderly::read {
namespace {

std::int64_t to_seconds(Time time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count(); }

// The greater of the two: what is shown of a second is its worst moment.
void raise(std::optional<std::int64_t>& highest, std::int64_t value) { highest = std::max(highest.value_or(0), value); }

}  // namespace

void Throughput::add_route(http::Server& server) {
  server.get("/admin/throughput", [this](const http::Request&, const http::Responder& responder) {
    auto response = http::json_response(json());
    response.headers.emplace_back("Cache-Control", "no-store");
    responder.send(std::move(response));
  });
}

Throughput::Second& Throughput::current(Time now) {
  const auto at = to_seconds(now);
  if (!seconds_.empty() && at < seconds_.back().at) seconds_.clear();  // the clock was set back
  if (seconds_.empty() || at > seconds_.back().at) seconds_.emplace_back().at = at;
  while (seconds_.front().at < at - kept_.count()) seconds_.pop_front();
  return seconds_.back();
}

void Throughput::reading_from(const Positions& positions) {
  const std::lock_guard lock{mutex_};
  for (const auto& [partition, offset] : positions) topics_.insert(partition.first);
}

void Throughput::applied(const EventBatch& batch) {
  const std::lock_guard lock{mutex_};
  auto& second = current(clock_.now());
  const PublishedEvent* last = nullptr;
  std::int64_t* count = nullptr;
  for (const auto& event : batch.events) {
    if (last == nullptr || event.topic != last->topic) count = &second.events[std::string{event.topic}];
    last = &event;
    ++*count;
    if (event.time) newest_event_ = event.time;
  }
}

void Throughput::lagging(std::int64_t messages) {
  const std::lock_guard lock{mutex_};
  const auto now = clock_.now();
  auto& second = current(now);
  raise(second.lag_messages, messages);
  const bool behind = messages > 0 && newest_event_.has_value();
  raise(second.lag_ms, behind ? std::max<std::int64_t>(0, (now - *newest_event_).count()) : 0);
}

std::vector<Throughput::Second> Throughput::whole_seconds() const {
  const auto end = to_seconds(clock_.now());
  std::vector<Second> whole;
  const auto fill_until = [&](std::int64_t at) {
    while (!whole.empty() && whole.back().at + 1 < at) {
      Second quiet;
      quiet.at = whole.back().at + 1;
      whole.push_back(quiet);
    }
  };
  const std::lock_guard lock{mutex_};
  for (const auto& second : seconds_) {
    if (second.at < end - kept_.count() || second.at >= end) continue;
    fill_until(second.at);
    whole.push_back(second);
  }
  fill_until(end);
  return whole;
}

std::string Throughput::json() const {
  const auto seconds = whole_seconds();
  http::JsonWriter json;
  const auto list = [&](std::string_view name, const auto& write_one) {
    json.key(name).begin_array();
    for (const auto& second : seconds) write_one(second);
    json.end_array();
  };
  json.begin_object();
  list("seconds", [&](const Second& second) { json.value(second.at); });
  json.key("events_per_second").begin_object();
  for (const auto& topic : topics()) {
    list(topic, [&](const Second& second) {
      const auto found = second.events.find(topic);
      json.value(found == second.events.end() ? 0 : found->second);
    });
  }
  json.end_object();
  list("lag_messages",
       [&](const Second& second) { second.lag_messages ? json.value(*second.lag_messages) : json.null(); });
  list("lag_seconds", [&](const Second& second) {
    second.lag_ms ? json.value(static_cast<double>(*second.lag_ms) / 1'000) : json.null();
  });
  return json.end_object().take();
}

}  // namespace orderly::read
