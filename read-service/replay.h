// A resource as it was: chosen events through the view's own projection, in memory, asked with the view's own query.
// Threads: any, each call by itself. Failures: what the projection throws.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "read-service/stored_events.h"
#include "read-service/view.h"

namespace orderly::read {

// The events in any order; one more than once counts once.
Answer replay(const ViewDefinition& definition, std::vector<StoredEvent> events,
              const std::function<Answer(Reader&, const std::string&)>& query, const std::string& id);

// Within a stream nothing happens before what is earlier in it, whatever the clocks of those who caused it said: every
// event gets the latest time of those up to it. Sorts the events by stream and version.
void settle_times(std::vector<StoredEvent>& events);

}  // namespace orderly::read
