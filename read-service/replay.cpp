#include "read-service/replay.h"

#include <algorithm>
#include <tuple>

#include "read-service/view_store.h"

namespace orderly::read {

Answer replay(const ViewDefinition& definition, std::vector<StoredEvent> events,
              const std::function<Answer(Reader&, const std::string&)>& query, const std::string& id) {
  std::ranges::sort(events, {}, [](const auto& e) { return std::tie(e.topic, e.partition, e.offset); });
  const auto batch = decode(events);
  ViewStore store{definition, ":memory:"};
  store.apply(batch.events);
  auto reader = std::move(store).into_reader();
  return query(reader, id);
}

void settle_times(std::vector<StoredEvent>& events) {
  std::ranges::sort(events, {}, [](const auto& e) { return std::tie(e.topic, e.subject, e.version); });
  for (std::size_t i = 1; i < events.size(); ++i) {
    const auto& before = events[i - 1];
    auto& event = events[i];
    if (event.topic == before.topic && event.subject == before.subject) event.time = std::max(event.time, before.time);
  }
}

}  // namespace orderly::read
