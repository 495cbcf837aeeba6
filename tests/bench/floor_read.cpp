// Floor (r): the least that the read service's projection must do: consume, upsert the rows of all its views, keep the
// offsets, commit without waiting for the disk. No version is checked, no row looked up, nobody is woken.
//   bench-floor-read --brokers H:P --data DIR      until SIGTERM; DIR/views/*.1.db have the views' tables
#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include "client.h"
#include "common/options/options.h"
#include "common/process/termination.h"
#include "floor_rows.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

constexpr std::size_t most_per_commit = 10'000;

void run(const std::atomic<bool>& stopping, const std::string& brokers, const std::filesystem::path& data,
         std::int32_t partitions) {
  std::filesystem::create_directories(data / "views");
  FloorRows rows{data / "views"};
  std::vector<kafka::Position> from;
  for (const char* topic :
       {"allocation.events", "ordering.events", "customer.events", "command.results", "dead-letters"}) {
    for (std::int32_t p = 0; p < partitions; ++p) from.push_back({topic, p, RD_KAFKA_OFFSET_BEGINNING});
  }
  Follower source{brokers, from};
  std::vector<rd_kafka_message_t*> messages;
  while (!stopping.load()) {
    source.poll(messages, most_per_commit, 50);
    if (!messages.empty()) rows.apply(messages);
    for (auto* message : messages) rd_kafka_message_destroy(message);
  }
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  std::string brokers, data;
  std::int32_t partitions = 0;
  orderly::options::Parser parser{"bench-floor-read", "the bare loop that the projection is measured against"};
  parser.add()("brokers", po::value(&brokers)->required(), "Kafka's bootstrap servers")(
      "data", po::value(&data)->required(), "where the file with the rows is kept")(
      "partitions", po::value(&partitions)->default_value(4), "of each topic");
  if (!parser.parse(argc, argv, orderly::options::environment())) return 0;
  orderly::Termination termination;
  std::atomic<bool> stopping = false;
  std::jthread thread{[&] { orderly::bench::run(stopping, brokers, data, partitions); }};
  termination.wait();
  stopping.store(true);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-floor-read: " << error.what() << '\n';
  return 1;
}
