// Takes a record to its end: decode, then through the pipeline to route, hold, deduplicate, decide, append, react;
// every way out is an answer to the sender, a dead letter or a forward to the shard that owns it. All of it into the
// open unit of work. Threads: the shard's. Failures: a refusal is a result; what throws is a broken store, or a defect
// in the domain.
#pragma once

#include <optional>
#include <string>

#include "handling/authentication.h"
#include "handling/command_pipeline.h"
#include "handling/command_tracing.h"
#include "intake/command_codec.h"
#include "messaging/v1/messaging.pb.h"
#include "reactions/reactions.h"
#include "storage/unit_of_work.h"

namespace orderly::handling {

class CommandHandler {
 public:
  struct Options {
    reactions::Policies policies;
    Authentication authentication;
    Authorisation authorisation;
    Audit audit = Audit::off;
    CommandTracing* tracing = nullptr;  // the shard's own; null: nothing is recorded
    // Of the commands that waited for one stream, by one record: what is released beyond them is by a command to itself.
    std::size_t most_released = 1'000;
    // A wrapper more, the innermost: for what a shop adds of its own, and for faults in tests.
    std::function<Handler(Handler)> wrap;
  };

  CommandHandler(storage::UnitOfWork& work, const Options& options, Observe observe, const log::Logger& log);
  CommandHandler(const CommandHandler&) = delete;
  CommandHandler& operator=(const CommandHandler&) = delete;

  void handle(const kafka::Message& record, Lane lane);

  // For a record whose handling keeps throwing, after the rollback. When a command that it releases is at fault, that
  // one is parked where it stands and true comes back: the record can be handled again, and goes on without it.
  bool park_released(const std::string& reason);
  // Else the record itself is parked, and later commands of its stream wait behind it; either way with a dead letter.
  void park(const kafka::Message& record, Lane lane, const std::string& reason);

 private:
  Outcome take(Incoming& incoming);
  bool is_of_another_shard(Incoming& incoming);
  std::optional<Outcome> fill_in_sku(Incoming& incoming);
  bool hold(Incoming& incoming);
  storage::Claim ask_for_claim(const kafka::Message& record, const Envelope& envelope, const Command& command);
  bool is_foreign(const std::string& batch_ref) const;
  const std::string& remembered_id(const Envelope& envelope);  // until the next call
  std::optional<Outcome> repeat(const Incoming& incoming);
  Outcome dispatch(Incoming& incoming);
  Outcome handle_product(const Incoming& incoming, const domain::Product::Command& command);
  std::optional<domain::Rejection> claim_here(const Incoming& incoming, const domain::CreateBatch& command);
  Outcome claim(const Envelope& envelope, const domain::BatchReference::Command& command);
  Outcome settle(const Envelope& envelope, const SettleBatchReference& answer);
  Outcome release_parked(const Envelope& envelope, const ReleaseParked& command);
  void release_from(const Envelope& cause, const std::string& stream);
  void release_one(storage::HeldCommand held, const std::string& stream, Lane lane);
  Outcome handle_order(const Envelope& envelope, const domain::Order::Command& command);
  Outcome handle_customer(const Incoming& incoming, const domain::Customer::Command& command);
  Outcome forget(const Incoming& incoming, const std::string& customer_id);
  // An aggregate whose commands need nothing but itself.
  template <domain::Decider Aggregate>
  Outcome handle_alone(const Envelope& envelope, const typename Aggregate::Command& command);
  void refuse_unreadable(const kafka::Message& record, Envelope envelope, const Undecodable& why,
                         std::string_view parked_stream = {});

  // Decides, appends and reacts; the events are in, or nothing is.
  template <domain::Decider Aggregate>
  domain::Decision<typename Aggregate::Event> decide(storage::Live<Aggregate>& live, const Envelope& envelope,
                                                     const typename Aggregate::Command& command);
  // What is written down of an event: of an order's creation not the customer, where customers' ids are sealed. His own
  // shard knows whose the order is; this one only tells it so, by a command.
  template <class Event>
  const Event& to_write(const Event& event) {
    return event;
  }
  const domain::Order::Event& to_write(const domain::Order::Event& event);  // until the next call
  void carry_out(const Envelope& cause, std::string_view stream, const reactions::Reactions& reactions);
  messaging::v1::CommandResult& begin_result(const Envelope& envelope, std::string_view aggregate_id,
                                             std::int64_t version);
  Outcome answer(const Envelope& envelope, messaging::v1::CommandResult& result);
  void fill_in_rejection(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
                         const domain::Rejection& why);
  Outcome disown(const Incoming& incoming, const domain::Rejection& why);
  Outcome reject(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
                 const domain::Rejection& why);

  storage::UnitOfWork* work_;
  intake::CommandCodec codec_;
  const reactions::Policies policies_;
  const std::size_t most_released_;
  const Observe observe_;
  CommandTracing* const tracing_;
  const log::Logger log_;
  const Handler pipeline_;
  messaging::v1::CommandResult result_;  // kept for its memory
  std::string remembered_id_;
  domain::Order::Event unnamed_;
  std::uint64_t event_number_ = 0;  // of the command at hand
  std::uint64_t reaction_number_ = 0;
  struct Releasing {
    std::string stream;
    Lane lane = 0;
    storage::HeldCommand command;
  };
  std::optional<Releasing> releasing_;  // the held command at hand
};

}  // namespace orderly::handling
