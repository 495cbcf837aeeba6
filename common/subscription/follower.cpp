#include "common/subscription/follower.h"

#include <algorithm>

#include "common/kafka/consumer.h"

namespace orderly::subscription {
namespace {

using namespace std::chrono_literals;

constexpr auto idle_wait = 200ms;  // in poll(), and so the longest that stop() takes when nothing is at hand

}  // namespace

struct Follower::Open {
  std::vector<std::unique_ptr<FileLock>> locks;
  std::int32_t partitions = 0;
  std::unique_ptr<Checkpoints> checkpoints;
  std::unique_ptr<kafka::MessageSource> source;
  kafka::MessageBatch batch;
  std::size_t at = 0;                    // the next record of the batch
  std::vector<kafka::Position> unsaved;  // finished with, not yet in the checkpoint

  bool at_end() const { return at == batch.messages.size(); }
};

Follower::Follower(Options options, Ports ports, Handler handler, prometheus::Registry& registry,
                   const log::Logger& log)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      log_(log.with("subscription", options_.delivery.name)),
      metrics_(registry, options_.delivery.name),
      delivery_(options_.delivery, ports_.delivery, std::move(handler), metrics_, log_),
      random_(ports_.delivery.random()) {}

Follower::~Follower() { stop(); }

void Follower::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto wait = step(stop);
      if (wait == 0ms) continue;
      std::unique_lock lock{mutex_};
      stopped_.wait_for(lock, stop, wait, [] { return false; });
    }
    open_.reset();
  }};
}

void Follower::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::chrono::milliseconds Follower::step(const std::stop_token& stop) {
  try {
    return round(stop);
  } catch (const sqlite::Error& error) {
    return failed(error.what());  // what is finished stays finished in memory: only the writing down is tried again
  } catch (const kafka::Error& error) {
    if (error.kind() == kafka::Error::Kind::offset_expired) start_over();
    if (error.kind() != kafka::Error::Kind::transient) open_.reset();
    return failed(error.what());
  } catch (const std::exception& error) {
    open_.reset();
    return failed(error.what());
  }
}

std::chrono::milliseconds Follower::round(const std::stop_token& stop) {
  if (!open_) open();
  save();  // what an earlier round could not
  if (open_->at_end()) take_batch();
  const auto wait = work_off(stop);
  save();
  show_lag();
  failures_ = 0;
  set_trouble(delivery_.trouble());
  return wait;
}

void Follower::open() {
  const auto partitions = ports_.partitions();
  auto fresh = std::make_unique<Open>();
  fresh->partitions = partitions.all;
  for (const auto partition : partitions.followed) {
    const auto file = options_.directory / ("subscription-" + name() + '-' + std::to_string(partition) + ".lock");
    fresh->locks.push_back(std::make_unique<FileLock>(file));
  }
  fresh->checkpoints = std::make_unique<Checkpoints>(options_.directory / ("subscription-" + name() + ".db"));
  fresh->source = ports_.source();
  std::vector<kafka::Position> positions;
  for (const auto& topic : options_.topics) {
    for (const auto partition : partitions.followed) {
      positions.push_back({topic, partition, fresh->checkpoints->next_offset(topic, partition, kafka::beginning)});
    }
  }
  fresh->source->assign(positions);
  open_ = std::move(fresh);
  log_.info("the subscription is open", {{"partitions", positions.size()}});
}

void Follower::take_batch() {
  open_->batch = {};
  open_->at = 0;
  open_->batch = open_->source->poll(options_.max_batch, idle_wait);
}

// What is polled and not handled yet waits too.
void Follower::show_lag() {
  const auto at_hand = static_cast<std::int64_t>(open_->batch.messages.size() - open_->at);
  const auto lag = open_->source->lag();
  metrics_.lag_messages.Set(static_cast<double>(lag));
  metrics_.lag_seconds.Set(lag_.after(lag + at_hand, last_finished_, ports_.delivery.clock.now()));
}

std::chrono::milliseconds Follower::work_off(const std::stop_token& stop) {
  while (!open_->at_end() && !stop.stop_requested()) {
    const auto& record = open_->batch.messages[open_->at];
    const auto progress = delivery_.attempt(record, open_->partitions, stop);
    if (!progress.finished) return progress.wait;
    advance(record);
    if (progress.acted) save();
  }
  return 0ms;
}

void Follower::advance(const kafka::Message& record) {
  ++open_->at;
  last_finished_ = from_unix_ms(record.timestamp_ms);
  auto& unsaved = open_->unsaved;
  const auto known = std::ranges::find_if(unsaved, [&](const kafka::Position& position) {
    return position.topic == record.topic && position.partition == record.partition;
  });
  if (known != unsaved.end()) {
    known->offset = record.offset + 1;
  } else {
    unsaved.push_back({std::string{record.topic}, record.partition, record.offset + 1});
  }
}

void Follower::save() {
  if (open_->unsaved.empty()) return;
  open_->checkpoints->save(open_->unsaved);
  open_->unsaved.clear();
}

// The records at the checkpoint are gone, or the topic was made anew. From the beginning nothing that is still there is
// missed; what is repeated is young, or passed over for its age.
void Follower::start_over() {
  log_.error("the checkpoint points to records that are gone: the subscription starts from the beginning again");
  try {
    if (open_) open_->checkpoints->forget();
  } catch (const sqlite::Error& error) {
    log_.error("the checkpoint cannot be forgotten", {{"reason", error.what()}});  // the next poll comes back here
  }
}

std::chrono::milliseconds Follower::failed(const std::string& reason) {
  set_trouble(reason);
  return options_.own_failures.wait_after(++failures_, random_);
}

void Follower::set_trouble(std::optional<std::string> trouble) {
  const std::lock_guard lock{mutex_};
  if (trouble_ == trouble) return;
  if (trouble) log_.warn("the subscription waits", {{"reason", *trouble}});
  if (!trouble) log_.info("the subscription is well");
  trouble_ = std::move(trouble);
}

std::optional<std::string> Follower::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

}  // namespace orderly::subscription
