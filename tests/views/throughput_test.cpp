// The series behind the dashboard's plots, with a clock of the test's own.
#include "read-service/throughput.h"

#include <catch2/catch.hpp>

#include "tests/views/in_memory_topics.h"

using namespace orderly;
using namespace orderly::test;
using namespace std::chrono_literals;

namespace {

class SetClock final : public Clock {
 public:
  Time now() const override { return time; }
  Time time = from_unix_ms(1'000'000);
};

read::EventBatch events(int count, Time happened) {
  read::EventDecoder decoder;
  std::vector<std::pair<std::int64_t, Record>> records;
  for (int i = 0; i < count; ++i) {
    auto record = Stream{}.created("b", 1);
    record.headers[3].second = to_rfc3339(happened);
    records.emplace_back(i, std::move(record));
  }
  return decoder.decode(to_batch(std::move(records)));
}

const read::Positions partitions{{{"allocation.events", 0}, 0}, {{"command.results", 0}, 0}};

}  // namespace

TEST_CASE("each second that is over has its events by topic and its worst lag") {
  SetClock clock;
  read::Throughput throughput{clock};
  CHECK(throughput.json() == R"({"seconds":[],"events_per_second":{},"lag_messages":[],"lag_seconds":[]})");
  throughput.reading_from(partitions);
  throughput.applied(events(3, clock.time - 2'500ms));
  throughput.lagging(40);
  throughput.lagging(10);
  clock.time += 900ms;
  throughput.applied(events(2, clock.time));
  CHECK(throughput.json().starts_with(R"({"seconds":[],)"));  // not over yet
  clock.time += 2'100ms;
  throughput.lagging(0);
  clock.time += 1s;
  CHECK(throughput.json() ==
        R"({"seconds":[1000,1001,1002,1003],"events_per_second":{"allocation.events":[5,0,0,0],)"
        R"("command.results":[0,0,0,0]},"lag_messages":[40,null,null,0],"lag_seconds":[2.5,null,null,0.0]})");
}

TEST_CASE("the series is bounded, and begins anew when the clock is set back") {
  SetClock clock;
  read::Throughput throughput{clock, 3s};
  for (int i = 0; i < 10; ++i, clock.time += 1s) throughput.lagging(i);
  CHECK(throughput.json().starts_with(R"({"seconds":[1007,1008,1009],)"));
  clock.time -= 1h;
  throughput.lagging(1);
  clock.time += 1s;
  CHECK(throughput.json() == R"({"seconds":[)" + std::to_string(to_unix_ms(clock.time) / 1'000 - 1) +
                                 R"(],"events_per_second":{},"lag_messages":[1],"lag_seconds":[0.0]})");
}
