// Ids of the stream, and readers that come and go at any point: whatever they miss they get, and nothing twice.
#include <catch2/catch.hpp>
#include <random>

#include "read-service/live_stream_reader.h"
#include "tests/views/in_memory_topics.h"

using namespace orderly;
using namespace orderly::test;

namespace {

const read::Positions nothing_read{
    {{"allocation.events", 0}, 0}, {{"allocation.events", 1}, 0}, {{"command.results", 0}, 0}};

// What a client makes of what it is sent, up to where its connection breaks.
struct Client {
  std::string last_event_id;
  std::vector<std::string> events;  // as topic/partition/offset, which the records have for their ids
  int resets = 0;

  void receive(const std::string& text) {
    for (std::size_t at = 0, end = text.find("\n\n"); end != std::string::npos;
         at = end + 2, end = text.find("\n\n", at)) {
      const auto block = text.substr(at, end - at);
      if (const auto id = block.find("id: "); id != std::string::npos) {
        last_event_id = block.substr(id + 4, block.find('\n', id) - id - 4);
      }
      if (block.find("event: reset") != std::string::npos) ++resets;
      if (const auto id = block.find("{\"id\":\""); id != std::string::npos) {
        events.push_back(block.substr(id + 7, block.find('"', id + 7) - id - 7));
      }
    }
  }
};

class Source {
 public:
  explicit Source(std::uint64_t seed) : random_(seed) {}
  std::size_t upto(std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(random_); }

  // A few new records, sometimes with some before them that were given already.
  read::EventBatch batch() {
    std::vector<std::pair<std::int64_t, Record>> records;
    for (const auto& [partition, next] : next_) {
      const auto again = static_cast<std::int64_t>(upto(2));
      const auto fresh = static_cast<std::int64_t>(upto(3));
      for (auto offset = std::max<std::int64_t>(0, next - again); offset < next + fresh; ++offset) {
        auto record = partition.first == "command.results" ? accepted("c") : Stream{}.created("b", 1);
        record.topic = partition.first;
        record.partition = partition.second;
        record.headers[0].second =
            partition.first + '/' + std::to_string(partition.second) + '/' + std::to_string(offset);
        records.emplace_back(offset, std::move(record));
      }
      next_[partition] += fresh;
    }
    return decoder_.decode(to_batch(std::move(records)));
  }
  // All that was ever published to the topics.
  std::set<std::string> published(const std::set<std::string>& topics) const {
    std::set<std::string> all;
    for (const auto& [partition, next] : next_) {
      for (std::int64_t i = 0; i < next && topics.contains(partition.first); ++i) {
        all.insert(partition.first + '/' + std::to_string(partition.second) + '/' + std::to_string(i));
      }
    }
    return all;
  }

 private:
  std::mt19937_64 random_;
  read::Positions next_ = nothing_read;
  read::EventDecoder decoder_;
};

std::string to_text(const std::vector<http::Piece>& pieces) {
  std::string text;
  for (const auto& piece : pieces) text += piece.text->substr(piece.from, piece.size_bytes);
  return text;
}

}  // namespace

TEST_CASE("an id is read back, and no other text is taken for one") {
  for (const read::Offsets& offsets : {read::Offsets{}, {0}, {127, 128, 0}, {1LL << 62, 1, 300}}) {
    CHECK(read::decode_offsets(read::encode(offsets), offsets.size()) == offsets);
    CHECK_FALSE(read::decode_offsets(read::encode(offsets), offsets.size() + 1).has_value());
  }
  for (const char* wrong : {"!", "", "gA", "gICAgICAgICAgIA", "AAAAAAAA"}) {
    CHECK_FALSE(read::decode_offsets(wrong, 1).has_value());
  }
}

TEST_CASE("whenever and wherever readers break off, each gets every event once") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Source source{seed};
    prometheus::Counter written;
    // Two replicas, the second always a little behind or ahead of what a client has seen of the first.
    read::EventRing rings[2] = {{10'000'000, written}, {10'000'000, written}};
    for (auto& ring : rings) ring.begin(nothing_read);
    std::vector<read::EventBatch> batches;
    std::size_t taken[2] = {0, 0};
    const std::set<std::string> topics = seed % 2 == 0 ? std::set<std::string>{"allocation.events"}
                                                       : std::set<std::string>{"allocation.events", "command.results"};
    Client client;
    const read::StreamReader::Moment now;
    std::unique_ptr<read::StreamReader> reader;
    std::size_t at = 0;
    client.last_event_id = read::encode(read::offsets_of(nothing_read));
    const auto take_in = [&](std::size_t ring, std::size_t count) {
      for (; count > 0 && taken[ring] < batches.size(); --count) rings[ring].append(batches[taken[ring]++]);
    };
    const auto listen = [&](bool to_the_end) {
      if (!reader->place(rings[at], now)) return;
      while (reader->has_more(rings[at])) {
        auto text = to_text(reader->cut(reader->take(rings[at])));
        const bool breaks = !to_the_end && source.upto(3) == 0;
        if (breaks) text.resize(source.upto(text.size()));
        client.receive(text);
        if (breaks) return reader.reset();
      }
    };
    for (int step = 0; step < 60; ++step) {
      batches.push_back(source.batch());
      for (std::size_t ring = 0; ring < 2; ++ring) take_in(ring, source.upto(3));
      if (!reader) {
        at = source.upto(1);
        reader = std::make_unique<read::StreamReader>(topics, client.last_event_id, now + std::chrono::seconds{1});
      }
      listen(false);
    }
    for (std::size_t ring = 0; ring < 2; ++ring) take_in(ring, batches.size());
    if (!reader) reader = std::make_unique<read::StreamReader>(topics, client.last_event_id, now);
    listen(true);
    INFO("seed " << seed);
    REQUIRE(client.resets == 0);
    const std::set<std::string> seen{client.events.begin(), client.events.end()};
    REQUIRE(seen.size() == client.events.size());
    REQUIRE(seen == source.published(topics));
  }
}
