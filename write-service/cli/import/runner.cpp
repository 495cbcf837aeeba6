#include "cli/import/runner.h"

#include <limits>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "cli/command_types.h"
#include "common/clock/rfc3339.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "topics.h"

namespace orderly::cli::importing {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t most_at_once = 10'000;
constexpr auto longest_pause = 100ms;

double seconds_since(SteadyClock::time_point from) {
  return std::chrono::duration<double>(SteadyClock::now() - from).count();
}

Outcome to_outcome(messaging::v1::CommandStatus status) {
  if (status == messaging::v1::ACCEPTED) return Outcome::accepted;
  return status == messaging::v1::REJECTED ? Outcome::rejected : Outcome::dead_lettered;
}

template <class Message>
Message parsed(const kafka::Message& record) {
  Message message;
  if (message.ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) return message;
  throw std::runtime_error{"a record of " + std::string{record.topic} + " cannot be read: another version wrote it"};
}

OutgoingCommand outgoing(const PlannedCommand& command) {
  const auto& type = command_type(type_name(command.kind));
  const std::unique_ptr<google::protobuf::Message> message{type.prototype->New()};
  if (!message->ParseFromString(command.payload)) throw std::logic_error{"a planned command that cannot be read"};
  return {command.id,         type.name(),     std::string{topics::commands_of(type.name())},
          type.key(*message), command.payload, to_rfc3339(SystemClock{}.now())};
}

}  // namespace

Runner::Runner(const RunOptions& options, const log::Logger& log, State& state, Console& console)
    : options_(options),
      state_(state),
      schedule_(options.in_flight),
      sender_(options.kafka, log,
              [this](const Delivery& delivery) {
                if (!delivery.error.empty()) undelivered_ = delivery.error;
              },
              Signer{options.signing}),
      consumer_(options.kafka, log),
      progress_(console) {
  auto& db = state.database();
  planned_ = db.query_integer("SELECT count(*) FROM commands");
  done_before_ = db.query_integer("SELECT count(*) FROM commands WHERE outcome <> 0");
  next_step_ = state.step_after(std::numeric_limits<std::int64_t>::min());
}

std::string Runner::run() {
  started_ = last_heard_ = SteadyClock::now();
  started_ms_ = to_unix_ms(SystemClock{}.now());
  follow_topics();
  if (!next_step_) schedule_.reach_end();
  for (;;) {
    take_steps();
    record_not_sent();
    if (schedule_.is_finished()) return {};
    send_what_may_go();
    listen();
    if (!undelivered_.empty())
      throw kafka::Error{kafka::Error::Kind::transient, "a command was not delivered: " + undelivered_};
    if (SteadyClock::now() - last_heard_ > options_.patience)
      return trouble_.empty() ? "nothing was heard any more" : trouble_;
    show_progress();
  }
}

// Results from now on, since whatever has no outcome yet is sent again; events from where the state left off.
void Runner::follow_topics() {
  std::vector<kafka::Position> positions;
  for (const auto topic : {topics::command_results, topics::ordering_events, topics::allocation_events}) {
    const std::string name{topic};
    const auto partitions = consumer_.partition_count(name, broker_timeout);
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      const auto next = topic == topics::command_results ? consumer_.end_offset(name, partition, broker_timeout)
                                                         : state_.position(topic, partition).value_or(kafka::beginning);
      positions.push_back({name, partition, next});
    }
  }
  consumer_.assign(positions);
}

void Runner::take_steps() {
  while (next_step_ && schedule_.has_room()) {
    const auto& step = *next_step_;
    if (step.kind == Kind::create_batch) {
      if (state_.outcome(step.number) == Outcome::none) schedule_.add_batch(step.number);
    } else if (!schedule_.batches_are_answered()) {
      return;
    } else if (step.kind == Kind::create_order) {
      schedule_.add_order(state_.order(step.number));
    } else {
      schedule_.reach_cancellation(step.order);
    }
    next_step_ = state_.step_after(step.number);
    if (!next_step_) schedule_.reach_end();
  }
}

bool Runner::is_too_early() const {
  return options_.rate > 0 && static_cast<double>(sent_) > options_.rate * seconds_since(started_);
}

void Runner::send_what_may_go() {
  while (!is_too_early()) {
    const auto number = schedule_.next_to_send();
    if (!number) break;
    const auto command = state_.command(*number);
    awaited_.emplace(command.id, *number);
    sender_.send(outgoing(command), 0);
    ++sent_;
  }
  sender_.flush(0ms);
}

void Runner::listen() {
  kafka::MessageBatch batch;
  try {
    batch = consumer_.poll(most_at_once, is_too_early() ? 1ms : longest_pause);
  } catch (const kafka::Error& error) {
    if (error.kind() != kafka::Error::Kind::transient) throw;
    trouble_ = error.what();
    return;
  }
  if (batch.messages.empty()) return;
  trouble_.clear();
  std::map<std::pair<std::string_view, std::int32_t>, std::int64_t> next;
  state_.in_transaction([&] {
    for (const auto& message : batch.messages) {
      hear(message);
      next[{message.topic, message.partition}] = message.offset + 1;
    }
    for (const auto& [partition, offset] : next)
      state_.record_position({std::string{partition.first}, partition.second, offset});
  });
}

void Runner::hear(const kafka::Message& message) {
  if (message.timestamp_ms < started_ms_) last_heard_ = SteadyClock::now();  // it still reads what was before
  if (message.topic == topics::command_results) return hear_result(message);
  const auto type = message.header("ce_type");
  if (type == ordering::v1::OrderAllocated::descriptor()->full_name()) {
    hear_stock(parsed<ordering::v1::OrderAllocated>(message).order_id(), Stock::allocated);
  } else if (type == allocation::v1::OutOfStock::descriptor()->full_name()) {
    hear_stock(parsed<allocation::v1::OutOfStock>(message).order_id(), Stock::out);
  }
}

void Runner::hear_result(const kafka::Message& message) {
  const auto found = awaited_.find(std::string{message.key.value_or("")});
  if (found == awaited_.end()) return;
  const auto number = found->second;
  awaited_.erase(found);
  const auto result = parsed<messaging::v1::CommandResult>(message);
  const auto outcome = to_outcome(result.status());
  state_.record_outcome(number, outcome, result.code());
  schedule_.hear_outcome(number, outcome);
  last_heard_ = SteadyClock::now();
  ++answered_;
}

void Runner::hear_stock(std::string_view order_id, Stock stock) {
  const auto order = state_.record_stock(order_id, stock);
  if (!order) return;
  schedule_.hear_stock(*order, stock);
  last_heard_ = SteadyClock::now();
}

void Runner::record_not_sent() {
  auto number = schedule_.next_not_to_send();
  if (!number) return;
  state_.in_transaction([&] {
    for (; number; number = schedule_.next_not_to_send()) {
      state_.record_outcome(*number, Outcome::not_sent, "");
      ++not_sent_;
    }
  });
}

void Runner::show_progress() {
  if (!progress_.is_due()) return;
  const auto done = static_cast<double>(done_before_ + answered_ + not_sent_);
  progress_.show({sent_, answered_, planned_ > 0 ? done / static_cast<double>(planned_) : 1});
}

}  // namespace orderly::cli::importing
