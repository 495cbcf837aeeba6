// Takes a record to its end: decode, route, hold, deduplicate, decide, append; every way out is an answer to the
// sender, a dead letter or a forward to the shard that owns it. All of it into the open unit of work. Threads: the
// shard's. Failures: a refusal is a result; what throws is a broken store, or a defect in the domain.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "intake/command_codec.h"
#include "messaging/v1/messaging.pb.h"
#include "storage/unit_of_work.h"

namespace orderly::handling {

// What became of a command, for the metrics: "ACCEPTED", "REJECTED" … with its code, or "FORWARDED", "HELD",
// "REPEATED".
using Observe = std::function<void(std::string_view type, std::string_view status, std::string_view code)>;

class CommandHandler {
 public:
  CommandHandler(storage::UnitOfWork& work, Observe observe) : work_(&work), observe_(std::move(observe)) {}

  void handle(const kafka::Message& record, Lane lane);

  // For a record whose handling keeps throwing: out of the way, with the reason.
  void dead_letter(const kafka::Message& record, Lane lane, const std::string& reason);

 private:
  // A command on its way through; the record stays at hand for forwards and holds.
  struct Incoming {
    const kafka::Message& record;
    Envelope envelope;
    Command command;
    storage::Claim claim = storage::Claim::none;  // of a CreateBatch: what the reference's shard answered
    bool released = false;                        // it has waited its turn already
  };

  void process(Incoming& incoming);
  bool send_on(Incoming& incoming);
  bool fill_in_sku(Incoming& incoming);
  bool hold(Incoming& incoming);
  bool repeat(const Incoming& incoming);
  void dispatch(Incoming& incoming);
  void settle(const Envelope& envelope, const SettleBatchReference& answer);
  void claim(const Envelope& envelope, const domain::BatchReference::Command& command);
  void handle_product(const Incoming& incoming, const domain::Product::Command& command);
  std::optional<domain::Rejection> claim_here(const Incoming& incoming, const domain::CreateBatch& command);
  void refuse_unreadable(const kafka::Message& record, const Envelope& envelope, const Undecodable& why);

  // Decides and appends; the events are in, or nothing is.
  template <domain::Decider Aggregate>
  domain::Decision<typename Aggregate::Event> decide(storage::Live<Aggregate>& live, const Envelope& envelope,
                                                     const typename Aggregate::Command& command);
  messaging::v1::CommandResult& begin_result(const Envelope& envelope, std::string_view aggregate_id,
                                             std::int64_t version);
  void answer(const Envelope& envelope, messaging::v1::CommandResult& result);
  void reject(const Envelope& envelope, std::string_view aggregate_id, std::int64_t version,
              const domain::Rejection& why);

  storage::UnitOfWork* work_;
  intake::CommandCodec codec_;
  Observe observe_;
  messaging::v1::CommandResult result_;  // kept for its memory
  std::uint64_t event_number_ = 0;       // of the command at hand
};

}  // namespace orderly::handling
