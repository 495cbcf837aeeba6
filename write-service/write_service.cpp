#include "write_service.h"

#include <charconv>
#include <ranges>
#include <set>
#include <stdexcept>

namespace orderly {

using namespace std::chrono_literals;

namespace {

constexpr std::int32_t most_shards = 10'000;
constexpr std::size_t least_queued_bytes = 4 * 1024 * 1024;  // of a shard's outbox in memory

std::int32_t parse_shard(std::string_view text) {
  std::int32_t shard = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), shard);
  if (error != std::errc{} || end != text.data() + text.size() || shard < 0 || shard >= most_shards) {
    throw std::invalid_argument{"--shards: wanted all, 0-3, 1,2 or mod:1/3; got \"" + std::string{text} + '"'};
  }
  return shard;
}

// "1/3": what is left to index 1 of 3 processes that share all shards.
ShardSelection parse_modulo(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto index = parse_shard(text.substr(0, slash));
  const auto replicas = parse_shard(text.substr(std::min(slash + 1, text.size())));
  if (index >= replicas) {
    throw std::invalid_argument{"--shards: mod:" + std::string{text} + ": the index must be below the replicas"};
  }
  ShardSelection selection{{}, true};
  for (auto shard = index; shard < most_shards; shard += replicas) selection.listed.push_back(shard);
  return selection;
}

}  // namespace

ShardSelection ShardSelection::parse(const std::string& text) {
  constexpr std::string_view modulo = "mod:";
  if (text == "all") return {};
  if (text.starts_with(modulo)) return parse_modulo(std::string_view{text}.substr(modulo.size()));
  if (text.empty()) throw std::invalid_argument{"--shards: nothing given"};
  std::set<std::int32_t> shards;
  for (const auto part : std::views::split(text, ',')) {
    const std::string_view range{part.begin(), part.end()};
    const auto dash = range.find('-');
    const auto first = parse_shard(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_shard(range.substr(dash + 1));
    if (last < first) throw std::invalid_argument{"--shards: " + std::string{range} + " runs backwards"};
    for (auto shard = first; shard <= last; ++shard) shards.insert(shard);
  }
  return {{shards.begin(), shards.end()}};
}

std::vector<std::int32_t> ShardSelection::of(std::int32_t partitions) const {
  auto shards = listed;
  if (listed.empty()) {
    for (std::int32_t shard = 0; shard < partitions; ++shard) shards.push_back(shard);
  }
  if (as_far_as_there_are) std::erase_if(shards, [&](std::int32_t shard) { return shard >= partitions; });
  const auto missing = shards.empty() ? listed.front() : shards.back();
  if (missing >= partitions) {
    throw std::invalid_argument{"--shards: there is no shard " + std::to_string(missing) + ", the topics have " +
                                std::to_string(partitions) + " partitions"};
  }
  return shards;
}

WriteService::WriteService(Options options, Ports ports, const Clock& clock, prometheus::Registry& registry,
                           const log::Logger& log)
    : options_(std::move(options)), ports_(std::move(ports)), clock_(clock), registry_(registry), log_(log) {}

void WriteService::start() {
  starter_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void WriteService::run(const std::stop_token& stop) {
  const auto partitions = learn_partitions(stop);
  if (partitions && !stop.stop_requested()) open_shards(*partitions);
}

std::optional<std::int32_t> WriteService::learn_partitions(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      return ports_.partition_count();
    } catch (const std::exception& error) {
      set_trouble(error.what());
    }
    std::unique_lock lock{mutex_};
    stopped_.wait_for(lock, stop, 500ms, [] { return false; });
  }
  return std::nullopt;
}

void WriteService::open_shards(std::int32_t partitions) {
  std::vector<std::int32_t> wanted;
  try {
    wanted = options_.shards.of(partitions);
  } catch (const std::invalid_argument& error) {
    return set_trouble(error.what());
  }
  const std::lock_guard lock{mutex_};
  for (const auto number : wanted) {
    Shard::Options options;
    options.place = {number, partitions};
    options.directory = options_.directory;
    options.store = options_.store;
    options.handling = options_.handling;
    options.relay = options_.relay;
    options.tracer = options_.tracer;
    options.store.cache_bytes /= wanted.size();
    options.relay.max_queued_bytes = std::max(least_queued_bytes, options.relay.max_queued_bytes / wanted.size());
    options.relay.shard = number;
    options.relay.keys = options_.handling.authentication.keys().get();
    Shard::Ports ports{[this, number, shards = wanted.size()] { return ports_.source(number, shards); },
                       [this, number] { return ports_.publisher(number); }};
    auto& shard =
        *shards_.emplace_back(std::make_unique<Shard>(std::move(options), std::move(ports), clock_, registry_, log_));
    threads_.emplace_back([&shard](const std::stop_token& stop) { shard.run(stop); });
  }
  trouble_.reset();
}

void WriteService::stop() {
  starter_.request_stop();
  if (starter_.joinable()) starter_.join();
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void WriteService::set_trouble(std::optional<std::string> trouble) {
  const std::lock_guard lock{mutex_};
  if (trouble && trouble_ != trouble) log_.warn("the write service waits", {{"reason", *trouble}});
  trouble_ = std::move(trouble);
}

std::vector<WriteService::Health> WriteService::health() const {
  const std::lock_guard lock{mutex_};
  std::vector<Health> parts{{"topics", trouble_}};
  for (const auto& shard : shards_) {
    parts.push_back({"shard " + std::to_string(shard->number()), shard->health()});
  }
  return parts;
}

}  // namespace orderly
