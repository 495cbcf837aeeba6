#include "handling/command_handler.h"

#include "allocation/v1/allocation.pb.h"
#include "common/kafka/log_ids.h"
#include "intake/router.h"
#include "outbox/integration_events.h"
#include "outbox/outbox_entry.h"
#include "outbox/own_commands.h"

namespace orderly::handling {
namespace {

using domain::overloaded;
using storage::Claim;

}  // namespace

CommandHandler::CommandHandler(storage::UnitOfWork& work, const Options& options, Observe observe,
                               const log::Logger& log)
    : work_(&work),
      policies_(options.policies),
      most_released_(options.most_released),
      observe_(std::move(observe)),
      tracing_(options.tracing),
      log_(log),
      pipeline_([&] {
        const Refuse refuse = [this](const Incoming& incoming, const domain::Rejection& why) {
          auto repeated = repeat(incoming);
          return repeated ? *std::move(repeated) : reject(incoming.envelope, "", 0, why);
        };
        Handler handler = [this](Incoming& incoming) { return take(incoming); };
        if (options.wrap) handler = options.wrap(std::move(handler));
        handler = validated(refuse, std::move(handler));
        handler = authorised(options.authorisation, refuse, std::move(handler));
        const Refuse disown_it = [this](const Incoming& incoming, const domain::Rejection& why) {
          return disown(incoming, why);
        };
        handler = authenticated(options.authentication, disown_it, std::move(handler));
        handler = measured(observe_, audited(options.audit, log, std::move(handler)));
        return tracing_ == nullptr ? handler : traced(*tracing_, std::move(handler));
      }()) {}

void CommandHandler::handle(const kafka::Message& record, Lane lane) {
  auto envelope = codec_.read_envelope(record, lane);
  auto command = codec_.read_command(record, envelope);
  if (!command) return refuse_unreadable(record, envelope, command.error());
  Incoming incoming{record, std::move(envelope), std::move(*command)};
  pipeline_(incoming);
}

Outcome CommandHandler::take(Incoming& incoming) {
  event_number_ = reaction_number_ = 0;
  if (is_of_another_shard(incoming)) return {"FORWARDED"};
  if (auto done = fill_in_sku(incoming)) return *std::move(done);
  if (!incoming.released && hold(incoming)) return {"HELD"};
  auto repeated = repeat(incoming);
  return repeated ? *std::move(repeated) : dispatch(incoming);
}

// Then it goes there as it came, with the id it may have got from its place here.
bool CommandHandler::is_of_another_shard(Incoming& incoming) {
  const auto [shard, partitions] = work_->place();
  const auto owner = intake::owner(incoming.command, partitions);
  if (owner == shard) return false;
  work_->outbox().forward(incoming.record, incoming.envelope, owner);
  return true;
}

// A ChangeBatchQuantity without a sku has come to its reference's shard, which knows the sku. An outcome: it is on its
// way to the sku's shard, or refused.
std::optional<Outcome> CommandHandler::fill_in_sku(Incoming& incoming) {
  auto* product = std::get_if<domain::Product::Command>(&incoming.command);
  auto* change = product == nullptr ? nullptr : std::get_if<domain::ChangeBatchQuantity>(product);
  if (change == nullptr || !change->sku.empty()) return std::nullopt;
  // What was refused here before there was such a batch stays refused.
  if (auto repeated = repeat(incoming)) return repeated;
  const auto& reference = work_->aggregates().load<domain::BatchReference>(change->batch_ref);
  if (reference.state.claimed_by.empty()) {
    return reject(incoming.envelope, change->batch_ref, 0,
                  {domain::RejectionCode::unknown_batch, "batch_ref",
                   "batch_ref: no batch " + domain::quoted(change->batch_ref)});
  }
  change->sku = reference.state.sku;
  const auto [shard, partitions] = work_->place();
  const auto owner = intake::owner(incoming.command, partitions);
  if (owner == shard) return std::nullopt;
  allocation::v1::ChangeBatchQuantity message;
  message.set_batch_ref(change->batch_ref);
  message.set_quantity(change->quantity);
  message.set_sku(change->sku);
  const std::string payload = message.SerializeAsString();
  work_->outbox().forward(incoming.record, incoming.envelope, owner, &payload);
  return Outcome{"FORWARDED"};
}

// Each command topic has ids of its own: what its records come to must not depend on how others fall between them, or a
// replay would differ. (An id itself holds no control characters.)
const std::string& CommandHandler::remembered_id(const Envelope& envelope) {
  if (envelope.lane == 0) return envelope.id;
  remembered_id_.assign(1, static_cast<char>(envelope.lane)).append(envelope.id);
  return remembered_id_;
}

std::optional<Outcome> CommandHandler::repeat(const Incoming& incoming) {
  const auto first = work_->results().find(remembered_id(incoming.envelope));
  if (!first) return std::nullopt;
  const std::string result{*first};
  work_->outbox().result(incoming.envelope, result, "");
  return Outcome{"REPEATED"};
}

Outcome CommandHandler::dispatch(Incoming& incoming) {
  const auto& envelope = incoming.envelope;
  return std::visit(overloaded{[&](const domain::Product::Command& c) { return handle_product(incoming, c); },
                               [&](const domain::BatchReference::Command& c) { return claim(envelope, c); },
                               [&](const SettleBatchReference& c) { return settle(envelope, c); },
                               [&](const domain::Order::Command& c) { return handle_order(envelope, c); },
                               [&](const domain::Customer::Command& c) { return handle_customer(incoming, c); },
                               [&](const ReleaseParked& c) { return release_parked(envelope, c); }},
                    incoming.command);
}

template <domain::Decider Aggregate>
domain::Decision<typename Aggregate::Event> CommandHandler::decide(storage::Live<Aggregate>& live,
                                                                   const Envelope& envelope,
                                                                   const typename Aggregate::Command& command) {
  auto decision = Aggregate::decide(live.state, command, envelope.time);
  if (!decision) return decision;
  for (const auto& event : *decision) {
    const auto number = event_number_++;
    const auto& written = to_write(event);
    work_->append(live, envelope, number, storage::EventCodec<Aggregate>::encode(written));
    Aggregate::evolve(live.state, event);
    if (const auto published = outbox::to_integration_event(written)) {
      work_->outbox().event(envelope, *published, Aggregate::aggregate_id(command), ++live.head.published_version,
                            number);
    }
    carry_out(envelope, live.name, reactions::react(event, policies_));
  }
  return decision;
}

void CommandHandler::carry_out(const Envelope& cause, std::string_view stream, const reactions::Reactions& reactions) {
  for (const auto& reaction : reactions) {
    const auto number = reaction_number_++;
    const auto send = [&](const auto& command) {
      work_->outbox().command(cause, stream, number, outbox::to_own_command(command));
    };
    std::visit(
        overloaded{
            [&](const domain::Allocate& c) { send(c); }, [&](const domain::Deallocate& c) { send(c); },
            [&](const domain::RecordAllocation& c) { send(c); }, [&](const domain::RecordOutOfStock& c) { send(c); },
            [&](const domain::RecordDeallocation& c) { send(c); }, [&](const domain::RecordOrder& c) { send(c); },
            [&](const reactions::Schedule& s) {
              const auto due = cause.time + s.after;
              work_->schedule().add(
                  s.name, due,
                  work_->outbox().later_command(cause, stream, number, outbox::to_own_command(s.command), due));
            },
            [&](const reactions::Withdraw& w) { work_->schedule().withdraw(w.name); }},
        reaction);
  }
}

template <domain::Decider Aggregate>
Outcome CommandHandler::handle_alone(const Envelope& envelope, const typename Aggregate::Command& command) {
  const auto& id = Aggregate::aggregate_id(command);
  auto& live = work_->aggregates().load<Aggregate>(id);
  const auto decision = decide(live, envelope, command);
  if (!decision) return reject(envelope, id, live.head.published_version, decision.error());
  return answer(envelope, begin_result(envelope, id, live.head.published_version));
}

template Outcome CommandHandler::handle_alone<domain::Order>(const Envelope&, const domain::Order::Command&);
template Outcome CommandHandler::handle_alone<domain::Customer>(const Envelope&, const domain::Customer::Command&);

Outcome CommandHandler::handle_product(const Incoming& incoming, const domain::Product::Command& command) {
  const auto& sku = domain::Product::aggregate_id(command);
  if (const auto* create = std::get_if<domain::CreateBatch>(&command)) {
    if (const auto refused = claim_here(incoming, *create)) return reject(incoming.envelope, sku, 0, *refused);
  }
  auto& live = work_->aggregates().load<domain::Product>(sku);
  const auto decision = decide(live, incoming.envelope, command);
  if (!decision) return reject(incoming.envelope, sku, live.head.published_version, decision.error());
  auto& result = begin_result(incoming.envelope, sku, live.head.published_version);
  if (const auto* allocate = std::get_if<domain::Allocate>(&command)) {
    const auto batch = domain::Product::allocated_batch(live.state, allocate->order_id);
    if (batch) result.set_batch_ref(*batch);
    result.set_out_of_stock(!batch);
    if (decision->empty()) carry_out(incoming.envelope, live.name, reactions::tell_again(live.state, *allocate));
  }
  return answer(incoming.envelope, result);
}

// The claim on a new batch's reference: answered by another shard before, or decided here, where it belongs.
std::optional<domain::Rejection> CommandHandler::claim_here(const Incoming& incoming,
                                                            const domain::CreateBatch& command) {
  const domain::Rejection exists{domain::RejectionCode::batch_exists, "batch_ref",
                                 "batch_ref: there is a batch " + domain::quoted(command.batch_ref) + " already"};
  if (incoming.claim == Claim::granted) return std::nullopt;
  if (incoming.claim == Claim::refused) return exists;
  if (is_foreign(command.batch_ref)) throw std::logic_error{"a batch's reference was not claimed"};
  auto& reference = work_->aggregates().load<domain::BatchReference>(command.batch_ref);
  const domain::BatchReference::Command claim =
      domain::ClaimBatchReference{command.batch_ref, command.sku, incoming.envelope.id};
  if (!decide(reference, incoming.envelope, claim)) return exists;
  return std::nullopt;
}

// Another shard asks for a reference of ours: it gets an answer either way.
Outcome CommandHandler::claim(const Envelope& envelope, const domain::BatchReference::Command& command) {
  const auto& ask = std::get<domain::ClaimBatchReference>(command);
  auto& live = work_->aggregates().load<domain::BatchReference>(ask.batch_ref);
  const auto decision = decide(live, envelope, command);
  const SettleBatchReference settled{ask.batch_ref, ask.sku, ask.claimed_by, decision.has_value()};
  work_->outbox().command(envelope, live.name, 0, outbox::to_own_command(settled));
  if (!decision) return reject(envelope, ask.batch_ref, live.head.published_version, decision.error());
  return answer(envelope, begin_result(envelope, ask.batch_ref, live.head.published_version));
}

void CommandHandler::refuse_unreadable(const kafka::Message& record, Envelope envelope, const Undecodable& why,
                                       std::string_view parked_stream) {
  if (tracing_ != nullptr) tracing_->begin(record, envelope, false);
  work_->outbox().dead_letter(record, envelope, why, parked_stream);
  auto& result = begin_result(envelope, "", 0);
  result.set_status(messaging::v1::DEAD_LETTERED);
  result.set_code(why.reason);
  result.set_field(why.field);
  result.set_message(why.detail);
  // Not remembered: garbage under an id must not stand in the way of the command that the id was meant for, nor a
  // parked command's first answer in the way of its last.
  work_->outbox().result(envelope, result.SerializeAsString(), "");
  const Outcome outcome{"DEAD_LETTERED", why.reason};
  if (tracing_ != nullptr) tracing_->end(envelope, outcome);
  observe_(envelope, outcome);
  // The detail quotes what the sender wrote, so it stays out of the log.
  if (log_.debugs()) with_ids(log_, record).debug("a command is dead-lettered", {{"code", why.reason}});
}

messaging::v1::CommandResult& CommandHandler::begin_result(const Envelope& envelope, std::string_view aggregate_id,
                                                           std::int64_t version) {
  result_.Clear();
  result_.set_command_id(envelope.id);
  result_.set_type(domain::is_utf8(envelope.type) ? envelope.type : std::string{});
  result_.set_status(messaging::v1::ACCEPTED);
  result_.set_aggregate_id(std::string{aggregate_id});
  result_.set_version(version);
  result_.set_correlation_id(envelope.correlation_id);
  return result_;
}

Outcome CommandHandler::answer(const Envelope& envelope, messaging::v1::CommandResult& result) {
  const std::string bytes = result.SerializeAsString();
  work_->results().remember(remembered_id(envelope), bytes, to_unix_ms(envelope.time));
  work_->outbox().result(envelope, bytes, result.aggregate_id());
  return {result.status() == messaging::v1::ACCEPTED ? "ACCEPTED" : "REJECTED", result.code()};
}

void CommandHandler::fill_in_rejection(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
                                       const domain::Rejection& why) {
  auto& result = begin_result(envelope, aggregate_id, version);
  result.set_status(messaging::v1::REJECTED);
  result.set_code(std::string{to_string(why.code)});
  result.set_field(why.field);
  result.set_message(why.message);
}

Outcome CommandHandler::reject(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
                               const domain::Rejection& why) {
  fill_in_rejection(envelope, aggregate_id, version, why);
  return answer(envelope, result_);
}

// For whoever is not who he says: not remembered, since the id may be another's, and no second answer beside the one
// that the id has, which only the shard that owns the aggregate knows.
Outcome CommandHandler::disown(const Incoming& incoming, const domain::Rejection& why) {
  const auto& envelope = incoming.envelope;
  const auto [shard, partitions] = work_->place();
  if (const auto owner = intake::owner(incoming.command, partitions); owner != shard) {
    work_->outbox().forward_unproved(incoming.record, envelope, owner);
    return {"FORWARDED"};
  }
  fill_in_rejection(envelope, "", 0, why);
  if (!work_->results().find(remembered_id(envelope))) {
    work_->outbox().result(envelope, result_.SerializeAsString(), "");
  }
  return {"REJECTED", result_.code()};
}

}  // namespace orderly::handling
