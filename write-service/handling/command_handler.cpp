#include "handling/command_handler.h"

#include "allocation/v1/allocation.pb.h"
#include "intake/router.h"
#include "outbox/integration_events.h"
#include "outbox/outbox_entry.h"

namespace orderly::handling {
namespace {

using domain::overloaded;
using storage::Claim;

// Stateless checks come before anything is looked up, so that nonsense costs nothing and travels nowhere.
std::optional<domain::Rejection> validate(const Command& command) {
  return std::visit(
      overloaded{[](const domain::Product::Command& c) -> std::optional<domain::Rejection> {
                   const auto* change = std::get_if<domain::ChangeBatchQuantity>(&c);
                   if (change == nullptr || !change->sku.empty()) return domain::Product::validate(c);
                   auto with_sku = *change;  // found by its batch later; what else it says is checked now
                   with_sku.sku = "-";
                   return domain::Product::validate(with_sku);
                 },
                 [](const domain::BatchReference::Command& c) { return domain::BatchReference::validate(c); },
                 [](const SettleBatchReference& c) { return domain::check_id("sku", c.sku); }},
      command);
}

std::string product_stream(const std::string& sku) { return std::string{domain::Product::stream_category} + '/' + sku; }

std::string serialized(const google::protobuf::Message& message) { return message.SerializeAsString(); }

// Calls fn with the record that was held, as if it had just come.
template <class Function>
void with_record(const storage::HeldCommand& held, Function fn) {
  std::vector<kafka::Header> headers;
  const auto entry = outbox::EntryReader{held.record}.next(headers);
  kafka::Message record{entry.topic, entry.partition, 0, held.time_ms, entry.key, entry.value, headers};
  fn(record);
}

}  // namespace

void CommandHandler::handle(const kafka::Message& record, Lane lane) {
  auto envelope = codec_.read_envelope(record, lane);
  auto command = codec_.read_command(record, envelope);
  if (!command) return refuse_unreadable(record, envelope, command.error());
  Incoming incoming{record, std::move(envelope), std::move(*command)};
  process(incoming);
}

void CommandHandler::process(Incoming& incoming) {
  event_number_ = 0;
  if (const auto problem = validate(incoming.command)) {
    if (!repeat(incoming)) reject(incoming.envelope, "", 0, *problem);
    return;
  }
  if (send_on(incoming)) return;
  if (!fill_in_sku(incoming)) return;
  if (!incoming.released && hold(incoming)) return;
  if (!repeat(incoming)) dispatch(incoming);
}

// Another shard owns the command: it goes there as it came, with the id it may have got from its place here.
bool CommandHandler::send_on(Incoming& incoming) {
  const auto [shard, partitions] = work_->place();
  const auto owner = intake::owner(incoming.command, partitions);
  if (owner == shard) return false;
  work_->outbox().forward(incoming.record, incoming.envelope, owner);
  observe_(incoming.envelope.type, "FORWARDED", "");
  return true;
}

// A ChangeBatchQuantity without a sku has come to its reference's shard, which knows the sku. False: it is on its way
// to the sku's shard, or refused.
bool CommandHandler::fill_in_sku(Incoming& incoming) {
  auto* product = std::get_if<domain::Product::Command>(&incoming.command);
  auto* change = product == nullptr ? nullptr : std::get_if<domain::ChangeBatchQuantity>(product);
  if (change == nullptr || !change->sku.empty()) return true;
  const auto& reference = work_->aggregates().load<domain::BatchReference>(change->batch_ref);
  if (reference.state.claimed_by.empty()) {
    if (!repeat(incoming)) {
      reject(incoming.envelope, change->batch_ref, 0,
             {domain::RejectionCode::unknown_batch, "batch_ref",
              "batch_ref: no batch " + domain::quoted(change->batch_ref)});
    }
    return false;
  }
  change->sku = reference.state.sku;
  const auto [shard, partitions] = work_->place();
  const auto owner = intake::owner(incoming.command, partitions);
  if (owner == shard) return true;
  allocation::v1::ChangeBatchQuantity message;
  message.set_batch_ref(change->batch_ref);
  message.set_quantity(change->quantity);
  message.set_sku(change->sku);
  const std::string payload = serialized(message);
  work_->outbox().forward(incoming.record, incoming.envelope, owner, &payload);
  observe_(incoming.envelope.type, "FORWARDED", "");
  return false;
}

// A CreateBatch whose reference belongs to another shard waits for that shard's word, and what comes later for the same
// sku waits behind it, so that a client's order of commands is kept.
bool CommandHandler::hold(Incoming& incoming) {
  auto& held = work_->held();
  const auto* product = std::get_if<domain::Product::Command>(&incoming.command);
  if (product == nullptr) return false;
  const auto& sku = domain::Product::aggregate_id(*product);
  const std::string stream = product_stream(sku);
  const auto* create = std::get_if<domain::CreateBatch>(product);
  const auto [shard, partitions] = work_->place();
  const bool foreign = create != nullptr && kafka::partition_for(create->batch_ref, partitions) != shard;
  const bool asks =
      foreign && !held.is_asked(stream, incoming.envelope.id) && !work_->results().find(incoming.envelope.id);
  if (!asks && !held.is_held(stream)) return false;
  if (asks) {
    allocation::v1::ClaimBatchReference claim;
    claim.set_batch_ref(create->batch_ref);
    claim.set_sku(sku);
    claim.set_claimed_by(incoming.envelope.id);
    work_->outbox().command(incoming.envelope, "allocation.v1.ClaimBatchReference", serialized(claim),
                            create->batch_ref);
  }
  // The id may come from the record's place, which a held record no longer has.
  std::vector<kafka::Header> headers{incoming.record.headers.begin(), incoming.record.headers.end()};
  if (!incoming.record.header("ce_id")) headers.push_back({"ce_id", incoming.envelope.id});
  storage::HeldCommand command{
      0, asks ? Claim::asked : Claim::none, incoming.envelope.id, incoming.record.timestamp_ms, {}};
  const auto& record = incoming.record;
  outbox::append_entry(command.record, {record.topic, record.partition, record.key, record.value, headers});
  held.hold(stream, std::move(command));
  observe_(incoming.envelope.type, "HELD", "");
  return true;
}

bool CommandHandler::repeat(const Incoming& incoming) {
  const auto first = work_->results().find(incoming.envelope.id);
  if (!first) return false;
  const std::string result{*first};
  work_->outbox().result(incoming.envelope, result, "");
  observe_(incoming.envelope.type, "REPEATED", "");
  return true;
}

void CommandHandler::dispatch(Incoming& incoming) {
  std::visit(overloaded{[&](const domain::Product::Command& c) { handle_product(incoming, c); },
                        [&](const domain::BatchReference::Command& c) { claim(incoming.envelope, c); },
                        [&](const SettleBatchReference& c) { settle(incoming.envelope, c); }},
             incoming.command);
}

template <domain::Decider Aggregate>
domain::Decision<typename Aggregate::Event> CommandHandler::decide(storage::Live<Aggregate>& live,
                                                                   const Envelope& envelope,
                                                                   const typename Aggregate::Command& command) {
  auto decision = Aggregate::decide(live.state, command, envelope.time);
  if (!decision) return decision;
  for (const auto& event : *decision) {
    using Codec = storage::EventCodec<Aggregate>;
    const auto number = event_number_++;
    work_->append(live, envelope, number, Codec::type(event), Codec::encode(event));
    Aggregate::evolve(live.state, event);
    if (const auto published = outbox::to_integration_event(event)) {
      work_->outbox().event(envelope, *published, Aggregate::aggregate_id(command), ++live.head.published_version,
                            number);
    }
  }
  return decision;
}

void CommandHandler::handle_product(const Incoming& incoming, const domain::Product::Command& command) {
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
  }
  answer(incoming.envelope, result);
}

// The claim on a new batch's reference: answered by another shard before, or decided here, where it belongs.
std::optional<domain::Rejection> CommandHandler::claim_here(const Incoming& incoming,
                                                            const domain::CreateBatch& command) {
  const domain::Rejection exists{domain::RejectionCode::batch_exists, "batch_ref",
                                 "batch_ref: there is a batch " + domain::quoted(command.batch_ref) + " already"};
  if (incoming.claim == Claim::granted) return std::nullopt;
  if (incoming.claim == Claim::refused) return exists;
  auto& reference = work_->aggregates().load<domain::BatchReference>(command.batch_ref);
  const domain::BatchReference::Command claim =
      domain::ClaimBatchReference{command.batch_ref, command.sku, incoming.envelope.id};
  if (!decide(reference, incoming.envelope, claim)) return exists;
  return std::nullopt;
}

// Another shard asks for a reference of ours: it gets an answer either way.
void CommandHandler::claim(const Envelope& envelope, const domain::BatchReference::Command& command) {
  const auto& ask = std::get<domain::ClaimBatchReference>(command);
  auto& live = work_->aggregates().load<domain::BatchReference>(ask.batch_ref);
  const auto decision = decide(live, envelope, command);
  allocation::v1::SettleBatchReference answer_to_sku;
  answer_to_sku.set_batch_ref(ask.batch_ref);
  answer_to_sku.set_sku(ask.sku);
  answer_to_sku.set_claimed_by(ask.claimed_by);
  answer_to_sku.set_granted(decision.has_value());
  work_->outbox().command(envelope, "allocation.v1.SettleBatchReference", serialized(answer_to_sku), ask.sku);
  if (!decision) return reject(envelope, ask.batch_ref, live.head.published_version, decision.error());
  answer(envelope, begin_result(envelope, ask.batch_ref, live.head.published_version));
}

void CommandHandler::settle(const Envelope& envelope, const SettleBatchReference& settled) {
  const std::string stream = product_stream(settled.sku);
  if (!work_->held().settle(stream, settled.claimed_by, settled.granted)) {
    return reject(envelope, settled.sku, 0,
                  {domain::RejectionCode::unknown_batch, "claimed_by", "claimed_by: no command waits for this claim"});
  }
  answer(envelope, begin_result(envelope, settled.sku, 0));
  while (const auto held = work_->held().release(stream)) {
    with_record(*held, [&](const kafka::Message& record) {
      auto released = codec_.read_envelope(record, envelope.lane);
      auto command = codec_.read_command(record, released);
      if (!command) throw std::logic_error{"a held command cannot be read any more: " + command.error().detail};
      Incoming incoming{record, std::move(released), std::move(*command), held->claim, true};
      process(incoming);
    });
  }
}

void CommandHandler::refuse_unreadable(const kafka::Message& record, const Envelope& envelope, const Undecodable& why) {
  work_->outbox().dead_letter(record, envelope, why);
  auto& result = begin_result(envelope, "", 0);
  result.set_status(messaging::v1::DEAD_LETTERED);
  result.set_code(why.reason);
  result.set_field(why.field);
  result.set_message(why.detail);
  // Not remembered: garbage under an id must not stand in the way of the command that the id was meant for.
  work_->outbox().result(envelope, serialized(result), "");
  observe_(envelope.type, "DEAD_LETTERED", why.reason);
}

void CommandHandler::dead_letter(const kafka::Message& record, Lane lane, const std::string& reason) {
  refuse_unreadable(record, codec_.read_envelope(record, lane), {"HANDLER_FAILED", "", reason});
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

void CommandHandler::answer(const Envelope& envelope, messaging::v1::CommandResult& result) {
  const std::string bytes = serialized(result);
  work_->results().remember(envelope.id, bytes, to_unix_ms(envelope.time));
  work_->outbox().result(envelope, bytes, result.aggregate_id());
  observe_(envelope.type, messaging::v1::CommandStatus_Name(result.status()), result.code());
}

void CommandHandler::reject(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
                            const domain::Rejection& why) {
  auto& result = begin_result(envelope, aggregate_id, version);
  result.set_status(messaging::v1::REJECTED);
  result.set_code(std::string{to_string(why.code)});
  result.set_field(why.field);
  result.set_message(why.message);
  answer(envelope, result);
}

}  // namespace orderly::handling
