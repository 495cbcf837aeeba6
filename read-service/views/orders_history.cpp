#include "read-service/views/orders_history.h"

#include <algorithm>

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "ordering/v1/ordering.pb.h"
#include "read-service/message_json.h"
#include "read-service/replay.h"
#include "read-service/views/orders_projection.h"
#include "read-service/views/orders_view.h"

namespace orderly::read::orders {
namespace {

constexpr std::size_t most_events = 100'000;  // of one order; a thousand lines make a few thousand

using Events = std::expected<std::vector<StoredEvent>, http::Problem>;

// Nothing where there is no order. Times are settled.
Events events_of_order(Reader& reader, const std::string& order_id) {
  std::vector<StoredEvent> events;
  auto& order = reader.query("SELECT last_event FROM orders WHERE order_id = ?1").bind(order_id);
  if (!order.step()) return events;
  bool whole = read_chain(reader, topics, order.integer(0), most_events, events);
  auto& fact = reader.query("SELECT last_event FROM line_allocations WHERE order_id = ?1").bind(order_id);
  while (whole && fact.step()) whole = read_chain(reader, topics, fact.integer(0), most_events, events);
  if (!whole) {
    return std::unexpected{http::Problem{.status = 422,
                                         .detail = "order " + order_id + " has more than " +
                                                   std::to_string(most_events) + " events: read them from the topics"}};
  }
  settle_times(events);
  return events;
}

std::string padded(std::int64_t number, std::size_t width) {
  const auto digits = std::to_string(std::max<std::int64_t>(0, number));
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

// Of what happened in the same millisecond, the order's creation comes first, then what allocation says.
std::string place_in_history(const StoredEvent& event) {
  static const auto created = ordering::v1::OrderCreated::descriptor()->full_name();
  const char* rank = event.type == created ? "/0/" : event.topic == allocation_events ? "/1/" : "/2/";
  return padded(to_unix_ms(event.time), 15) + rank + event.subject + '/' + padded(event.version, 19);
}

// The stream as `orderly events` names it.
std::string stream_of(const StoredEvent& event) {
  return (event.topic == ordering_events ? "order/" : "product/") + event.subject;
}

std::string to_json(const PublishedEvent& event, const StoredEvent& stored) {
  http::JsonWriter json;
  json.begin_object().member("id", stored.id).member("type", stored.type).member("stream", stream_of(stored));
  json.member("version", stored.version).member("time", to_rfc3339(*event.time));
  json.member_if_any("causation_id", stored.causation_id).member_if_any("correlation_id", stored.correlation_id);
  json.member_if_any("traceparent", stored.traceparent);
  json.member("topic", stored.topic).member("partition", stored.partition).member("offset", stored.offset);
  json.key("data");
  if (event.message != nullptr) {
    write_json(json, *event.message);
  } else {
    json.null();  // kept by a newer program that knew the type
  }
  return json.end_object().take();
}

// What the order had not seen yet goes.
void forget_later(std::vector<StoredEvent>& events, const AsOf& as_of) {
  if (as_of.time) {
    std::erase_if(events, [&](const auto& event) { return event.time > *as_of.time; });
    return;
  }
  const auto next = std::ranges::find_if(events, [&](const auto& event) {  // sorted by version
    return event.topic == ordering_events && event.version > as_of.version;
  });
  if (next == events.end()) return;
  const auto time = next->time;
  std::erase_if(events, [&](const auto& event) {
    return event.topic == ordering_events ? event.version > as_of.version : event.time >= time;
  });
}

}  // namespace

ListRows list_history(Reader& reader, const ListRequest& request) {
  const auto& order_id = *request.filter("order_id");
  auto events = events_of_order(reader, order_id);
  if (!events) return std::unexpected{events.error()};
  if (events->empty()) {
    return std::unexpected{http::Problem{.status = 404, .detail = "there is no order " + order_id}};
  }
  std::vector<std::pair<std::string, StoredEvent>> placed;
  for (auto& event : *events) {
    auto place = place_in_history(event);
    if (request.after.empty() || place > request.after[0]) placed.emplace_back(std::move(place), std::move(event));
  }
  std::ranges::sort(
      placed, {}, [](const auto& one) -> const auto& { return one.first; });
  placed.resize(std::min(placed.size(), static_cast<std::size_t>(request.most)));
  std::vector<StoredEvent> wanted;
  for (auto& [place, event] : placed) wanted.push_back(std::move(event));
  const auto decoded = decode(wanted);
  std::vector<ListRow> rows;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    rows.push_back({{std::move(placed[i].first)}, to_json(decoded.events[i], wanted[i])});
  }
  return rows;
}

Answer order_as_of(Reader& reader, const std::string& order_id, const AsOf& as_of) {
  auto events = events_of_order(reader, order_id);
  if (!events) return {.problem = events.error()};
  const auto has_version = [&](const auto& event) {
    return event.topic == ordering_events && event.version == as_of.version;
  };
  if (!as_of.time && std::ranges::none_of(*events, has_version)) return {};
  forget_later(*events, as_of);
  const auto view = orders_view();
  return replay(view, std::move(*events), view.resources.at(0).query, order_id);
}

}  // namespace orderly::read::orders
