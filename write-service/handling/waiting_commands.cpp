// The part of CommandHandler that has to do with waiting: for a reference's claim, or for an operator's word.
#include "handling/command_handler.h"
#include "intake/router.h"
#include "outbox/outbox_entry.h"
#include "outbox/own_commands.h"

namespace orderly::handling {
namespace {

using storage::Claim;

storage::HeldCommand to_held(const kafka::Message& record, const Envelope& envelope, Claim claim) {
  // The id may come from the record's place, which a held record no longer has.
  std::vector<kafka::Header> headers{record.headers.begin(), record.headers.end()};
  if (!record.header("ce_id")) headers.push_back({"ce_id", envelope.id});
  storage::HeldCommand held{0, claim, envelope.id, record.timestamp_ms, {}, record.offset, false};
  outbox::append_entry(held.record, {record.topic, record.partition, record.key, record.value, headers});
  return held;
}

// Calls fn with the record that was held, as if it had just come.
template <class Function>
void with_record(const storage::HeldCommand& held, Function fn) {
  std::vector<kafka::Header> headers;
  const auto entry = outbox::EntryReader{held.record}.next(headers);
  kafka::Message record{entry.topic, entry.partition, held.offset, held.time_ms, entry.key, entry.value, headers};
  fn(record);
}

}  // namespace

// A CreateBatch whose reference belongs to another shard waits for that shard's word, and what comes later for the same
// sku waits behind it, so that a client's order of commands is kept; likewise behind a command that is parked.
bool CommandHandler::hold(Incoming& incoming) {
  const auto& command = incoming.command;
  if (std::holds_alternative<SettleBatchReference>(command) || std::holds_alternative<ReleaseParked>(command)) {
    return false;  // they are what the others wait for
  }
  auto& held = work_->held();
  const auto claim = ask_for_claim(incoming.record, incoming.envelope, command);
  if (claim == Claim::none && held.size() == 0) return false;
  const std::string stream = intake::stream_of(command);
  if (claim == Claim::none && !held.is_held(stream)) return false;
  held.hold(stream, to_held(incoming.record, incoming.envelope, claim));
  return true;
}

// Of a new batch whose reference belongs to another shard, unless a copy of the command has asked or is done already.
// The claim's id has the record's offset in it: a command that was discarded, and sent again, asks for the first time,
// or its claim would be taken for a repeat, whose answer nobody waits for any more.
Claim CommandHandler::ask_for_claim(const kafka::Message& record, const Envelope& envelope, const Command& command) {
  const auto* product = std::get_if<domain::Product::Command>(&command);
  const auto* create = product == nullptr ? nullptr : std::get_if<domain::CreateBatch>(product);
  if (create == nullptr || !is_foreign(create->batch_ref)) return Claim::none;
  const std::string stream = intake::stream_of(command);
  if (work_->held().is_asked(stream, envelope.id) || work_->results().find(remembered_id(envelope))) return Claim::none;
  const domain::ClaimBatchReference claim{create->batch_ref, create->sku, envelope.id};
  work_->outbox().command(envelope, stream, static_cast<std::uint64_t>(record.offset), outbox::to_own_command(claim));
  return Claim::asked;
}

bool CommandHandler::is_foreign(const std::string& batch_ref) const {
  const auto [shard, partitions] = work_->place();
  return kafka::partition_for(batch_ref, partitions) != shard;
}

Outcome CommandHandler::settle(const Envelope& envelope, const SettleBatchReference& settled) {
  const std::string stream = intake::stream_of(settled);
  if (!work_->held().settle(stream, settled.claimed_by, settled.granted)) {
    return reject(envelope, settled.sku, 0,
                  {domain::RejectionCode::unknown_batch, "claimed_by", "claimed_by: no command waits for this claim"});
  }
  auto outcome = answer(envelope, begin_result(envelope, settled.sku, 0));
  release_from(envelope, stream);
  return outcome;
}

Outcome CommandHandler::release_parked(const Envelope& envelope, const ReleaseParked& command) {
  auto& held = work_->held();
  const auto id = std::string{intake::routing_id(command)};
  const bool goes_on = held.free_head(command.stream) == command.command_id;  // our own word, on the rest of a release
  const bool found = command.discard ? held.discard(command.stream, command.command_id)
                                     : goes_on || (!envelope.is_our_own && held.unpark(command.stream, command.command_id));
  if (!found) {
    return reject(envelope, id, 0,
                  {domain::RejectionCode::not_parked, "command_id",
                   "command_id: " + domain::quoted(command.command_id) + " is not what " +
                       domain::quoted(command.stream) + " waits for"});
  }
  auto outcome = answer(envelope, begin_result(envelope, id, 0));
  release_from(envelope, command.stream);
  return outcome;
}

// What of the stream need not wait any more, in order: so much as one transaction can bear. The rest goes on waiting, and
// what comes meanwhile behind it, for a command to ourselves that names the first of it.
void CommandHandler::release_from(const Envelope& cause, const std::string& stream) {
  auto& held = work_->held();
  for (std::size_t n = 0; n < most_released_; ++n) {
    auto next = held.release(stream);
    if (!next) return;
    release_one(*std::move(next), stream, cause.lane);
  }
  if (const auto rest = held.free_head(stream)) {
    work_->outbox().command(cause, stream, 0, outbox::to_own_command(ReleaseParked{stream, *rest, false}));
  }
}

void CommandHandler::release_one(storage::HeldCommand held, const std::string& stream, Lane lane) {
  releasing_ = Releasing{stream, lane, std::move(held)};
  with_record(releasing_->command, [&](const kafka::Message& record) {
    auto envelope = codec_.read_envelope(record, lane);
    auto command = codec_.read_command(record, envelope);
    if (!command) throw std::logic_error{"a held command cannot be read any more: " + command.error().detail};
    Incoming incoming{record, std::move(envelope), std::move(*command), releasing_->command.claim, true};
    pipeline_(incoming);
  });
  releasing_.reset();
}

bool CommandHandler::park_released(const std::string& reason) {
  const auto at_fault = std::exchange(releasing_, std::nullopt);
  // What an operator has just replayed stays parked: then the operator is told, as the sender of the record.
  if (!at_fault || !work_->held().park(at_fault->stream, at_fault->command.number)) return false;
  with_record(at_fault->command, [&](const kafka::Message& record) {
    refuse_unreadable(record, codec_.read_envelope(record, at_fault->lane), {"HANDLER_FAILED", "", reason},
                      at_fault->stream);
  });
  return true;
}

void CommandHandler::park(const kafka::Message& record, Lane lane, const std::string& reason) {
  const auto envelope = codec_.read_envelope(record, lane);
  const auto command = codec_.read_command(record, envelope);
  const Undecodable why{"HANDLER_FAILED", "", reason};
  const auto [shard, partitions] = work_->place();
  const bool waits = command && intake::owner(*command, partitions) == shard &&
                     !std::holds_alternative<SettleBatchReference>(*command) &&
                     !std::holds_alternative<ReleaseParked>(*command);
  if (!waits) return refuse_unreadable(record, envelope, why);
  const std::string stream = intake::stream_of(*command);
  auto held = to_held(record, envelope, ask_for_claim(record, envelope, *command));  // or nobody would on a replay
  held.parked = true;
  work_->held().hold(stream, std::move(held));
  refuse_unreadable(record, envelope, why, stream);
}

}  // namespace orderly::handling
