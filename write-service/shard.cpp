#include "shard.h"

#include <algorithm>

#include "common/file_lock/file_lock.h"
#include "common/kafka/log_ids.h"

namespace orderly {

using namespace std::chrono_literals;

namespace {

constexpr int tries = 3;  // of a command whose handling throws
constexpr auto measure_every = 500ms;

Lane lane_of(std::string_view topic) {
  return static_cast<Lane>(std::ranges::find(topics::command_topics, topic) - topics::command_topics.begin());
}

std::string lock_name(std::int32_t shard) { return "shard-" + std::to_string(shard) + ".lock"; }

outbox::OutboxRelay::Watermarks published_of(const storage::UnitOfWork& work) {
  outbox::OutboxRelay::Watermarks published;
  for (Lane lane = 0; lane < published.size(); ++lane) published[lane] = work.lane(lane).published;
  return published;
}

outbox::OutboxRelay::Chunks waiting_of(storage::UnitOfWork& work) {
  outbox::OutboxRelay::Chunks chunks;
  for (Lane lane = 0; lane < topics::lanes.size(); ++lane) {
    for (auto& chunk : work.chunks_from(lane, work.lane(lane).published)) chunks.push_back(std::move(chunk));
  }
  return chunks;
}

handling::CommandHandler::Options with_tracing(handling::CommandHandler::Options options,
                                               const std::unique_ptr<handling::CommandTracing>& tracing) {
  options.tracing = tracing.get();
  return options;
}

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

struct Shard::Open {
  Open(Shard& shard)
      : lock(shard.options_.directory / lock_name(shard.options_.place.shard)),
        work(shard.options_.directory, shard.options_.place, shard.store_options()),
        tracing(shard.options_.tracer
                    ? std::make_unique<handling::CommandTracing>(*shard.options_.tracer, shard.options_.place.shard)
                    : nullptr),
        handler(
            work, with_tracing(shard.options_.handling, tracing),
            [&shard](const Envelope& envelope, const handling::Outcome& outcome) {
              shard.metrics_.command(envelope.type, outcome.status, outcome.code);
            },
            shard.log_.module("handling")),
        source(shard.ports_.source()),
        relay(
            shard.options_.relay, shard.ports_.publisher, published_of(work), waiting_of(work),
            [&shard](const outbox::RelayReport& report) {
              shard.metrics_.published(report);
              if (shard.options_.tracer)
                handling::trace_published(*shard.options_.tracer, report.messages, report.took);
            },
            shard.log_.module("outbox")),
        figures(shard.metrics_) {
    source->assign(Shard::positions(*this));
  }

  FileLock lock;
  storage::UnitOfWork work;
  std::unique_ptr<handling::CommandTracing> tracing;
  handling::CommandHandler handler;
  std::unique_ptr<kafka::MessageSource> source;
  outbox::OutboxRelay relay;
  ShardFigures figures;
  std::chrono::steady_clock::time_point next_measure{};
};

Shard::Shard(Options options, Ports ports, const Clock& clock, prometheus::Registry& registry, const log::Logger& log)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      clock_(clock),
      log_(log.module("shard").with({"shard", options_.place.shard})),
      metrics_(registry, options_.place.shard) {}

Shard::~Shard() = default;

void Shard::run(std::stop_token stop) {
  auto back_off = 100ms;
  while (!stop.stop_requested()) {
    const auto opened = clock_.ticks();
    try {
      work(stop);
    } catch (const std::exception& error) {
      close();
      const std::string reason = explain(error);
      set_health(reason);
      metrics_.restarts.Increment();
      back_off = clock_.ticks() - opened > 30s ? 100ms : std::min(back_off * 2, std::chrono::milliseconds{10s});
      log_.error("the shard has stopped and will open again",
                 {{"reason", reason}, {"back_off_ms", back_off.count()}});
      wait(back_off, stop);
    }
  }
}

void Shard::work(const std::stop_token& stop) {
  open();
  store_is_damaged_ = false;
  log_.info("the shard is open", {{"next_offset", open_->work.lane(0).next_offset}});
  while (!stop.stop_requested()) step(stop);
  close();
}

void Shard::open() { open_ = std::make_unique<Open>(*this); }
outbox::OutboxRelay& Shard::relay() { return open_->relay; }
void Shard::close() { open_.reset(); }

void Shard::step(const std::stop_token& stop) {
  Open& open = *open_;
  measure(open);
  if (!open.relay.wait_for_room(options_.idle_wait)) {
    set_health(open.relay.trouble().value_or("the outbox is full: publishing is slower than deciding"));
    return;
  }
  kafka::MessageBatch batch;
  try {
    batch = open.source->poll(options_.max_batch, options_.idle_wait);
  } catch (const kafka::Error& error) {
    if (error.kind() != kafka::Error::Kind::transient) throw;
    set_health(error.what());
    return;
  }
  set_health(open.relay.trouble());
  note_published(open);
  send_what_is_due(open);
  if (!batch.messages.empty()) return take(open, batch, stop);
  // Nothing to do: a good time to write down what is out by now.
  if (open.work.has_news()) commit(open, 0);
}

void Shard::take(Open& open, const kafka::MessageBatch& batch, const std::stop_token& stop) {
  const auto started = clock_.ticks();
  const kafka::Message* at_hand = nullptr;
  try {
    for (const auto& record : batch.messages) {
      at_hand = &record;
      handle(open, record);
    }
  } catch (const sqlite::Error&) {
    throw;  // the store is broken, not the command
  } catch (const std::exception& error) {
    with_ids(log_, *at_hand)
        .warn("handling a command failed; the batch runs again one by one", {{"reason", error.what()}});
    open.work.rollback();
    return take_one_by_one(open, batch, stop);
  }
  metrics_.decide_seconds.Observe(seconds(clock_.ticks() - started));
  metrics_.taken(batch, clock_.now());
  commit(open, batch.messages.size());
}

void Shard::take_one_by_one(Open& open, const kafka::MessageBatch& batch, const std::stop_token& stop) {
  for (const auto& record : batch.messages) {
    if (stop.stop_requested()) return;
    take_one(open, record, stop);
  }
}

void Shard::take_one(Open& open, const kafka::Message& record, const std::stop_token& stop) {
  for (;;) {
    const auto reason = try_to_take(open, record, stop);
    if (!reason || stop.stop_requested()) return;
    with_ids(log_, record).error("a command is parked: its handling keeps failing", {{"reason", *reason}});
    if (open.handler.park_released(*reason)) {
      commit(open, 0);
      continue;
    }
    const Lane lane = lane_of(record.topic);
    open.handler.park(record, lane, *reason);
    open.work.consumed(lane, record.offset + 1);
    return commit(open, 1);
  }
}

// The reason why not, after several tries.
std::optional<std::string> Shard::try_to_take(Open& open, const kafka::Message& record, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    try {
      handle(open, record);
      commit(open, 1);
      return std::nullopt;
    } catch (const sqlite::Error&) {
      throw;
    } catch (const std::exception& error) {
      open.work.rollback();
      if (attempt == tries || stop.stop_requested()) return error.what();
      wait(attempt * options_.retry_pause, stop);
    }
  }
}

void Shard::handle(Open& open, const kafka::Message& record) {
  const Lane lane = lane_of(record.topic);
  open.handler.handle(record, lane);
  open.work.consumed(lane, record.offset + 1);
}

// Out of the table and into the outbox in one transaction; it comes back through the topic as any other command.
// What the clock sends depends on the hour: a restored store does not number it as before, and its next message must
// not pass for one that is out already. So it is numbered behind all that the broker says is out.
void Shard::send_what_is_due(Open& open) {
  constexpr std::size_t most = 1'000;
  auto& schedule = open.work.schedule();
  const auto now = clock_.now();
  if (!schedule.is_due(now) || open.relay.trouble()) return;
  open.work.number_from(topics::clock_lane, open.relay.published(topics::clock_lane));
  const auto due = schedule.due(now, most);
  for (const auto& [name, command] : due) {
    open.work.outbox().scheduled(command);
    schedule.withdraw(name);
  }
  if (!due.empty()) commit(open, 0);
}

void Shard::commit(Open& open, std::size_t records) {
  const auto started = clock_.ticks();
  open.relay.push(open.work.commit());
  if (open.tracing) open.tracing->committed();
  metrics_.commit_seconds.Observe(seconds(clock_.ticks() - started));
  if (records > 0) metrics_.batch_commands.Observe(static_cast<double>(records));
}

void Shard::note_published(Open& open) {
  for (Lane lane = 0; lane < topics::lanes.size(); ++lane) {
    // What was published before a restore may be ahead of what this store has numbered so far.
    open.work.published(lane, std::min(open.relay.published(lane), open.work.lane(lane).next_sequence));
  }
}

std::vector<kafka::Position> Shard::positions(const Open& open) {
  std::vector<kafka::Position> positions;
  for (Lane lane = 0; lane < topics::command_topics.size(); ++lane) {
    positions.push_back(
        {std::string{topics::command_topics[lane]}, open.work.place().shard, open.work.lane(lane).next_offset});
  }
  return positions;
}

void Shard::measure(Open& open) {
  const auto now = clock_.ticks();
  if (now < open.next_measure) return;
  open.next_measure = now + measure_every;
  open.figures.measure(open.work, open.relay, open.source->lag(), clock_);
  open.source->report_progress(positions(open));
}

// A store that has once been found damaged is read whole before it is used again: it stays out until it is mended, and
// does not come and go with whichever page is met.
storage::UnitOfWork::Options Shard::store_options() const {
  auto options = options_.store;
  options.check_first = store_is_damaged_;
  return options;
}

// Damage is told with the file's name, and with what helps.
std::string Shard::explain(const std::exception& error) {
  const auto* of_store = dynamic_cast<const sqlite::Error*>(&error);
  if (of_store == nullptr || !of_store->is_damage()) return error.what();
  store_is_damaged_ = true;
  return "shard-" + std::to_string(number()) +
         ".db is damaged; stop the service, restore a backup or the file as it was: " + error.what();
}

void Shard::set_health(std::optional<std::string> reason) {
  metrics_.ready.Set(reason ? 0 : 1);
  const std::lock_guard lock{mutex_};
  if (health_ == reason) return;
  if (reason) log_.warn("the shard is not ready", {{"reason", *reason}});
  if (!reason) log_.info("the shard is ready");
  health_ = std::move(reason);
}

std::optional<std::string> Shard::health() const {
  const std::lock_guard lock{mutex_};
  return health_;
}

void Shard::wait(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  stopped_.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace orderly
