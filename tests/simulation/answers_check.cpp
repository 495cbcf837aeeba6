#include <algorithm>

#include "messaging/v1/messaging.pb.h"
#include "simulation/checks.h"
#include "topics.h"

namespace orderly::simulation {
namespace {

using messaging::v1::CommandResult;

// What became of one command, by what is in the topics.
struct Fate {
  std::vector<std::string> final_results;  // all but those that say that it is parked
  int parked = 0, letters = 0, discarded = 0, replies = 0;
  int given_up = 0;  // of the letters, those of copies that wait for nobody: not parked, but answered by that
  int landed = 0;  // copies in its topic, on the partition of its owner
  int seen = 0;    // on any
  std::vector<const Record*> events;
  std::int64_t answered_in = 0;  // the transaction of its first result but those that say that it is parked
};

using Fates = std::map<std::string, Fate>;

bool says_parked(const CommandResult& result) {
  return result.status() == messaging::v1::DEAD_LETTERED && result.code() == "HANDLER_FAILED";
}

void read_results(const Evidence& evidence, Fates& fates) {
  for (const auto& seen : committed(evidence.broker, topics::command_results)) {
    CommandResult result;
    result.ParseFromString(seen.record->value);
    auto& fate = fates[result.command_id()];
    if (says_parked(result)) {
      ++fate.parked;
    } else {
      fate.final_results.push_back(seen.record->value);
      if (fate.answered_in == 0) fate.answered_in = seen.record->transaction;
    }
  }
  for (const auto& seen : committed(evidence.broker, "replies")) {
    CommandResult result;
    result.ParseFromString(seen.record->value);
    ++fates[result.command_id()].replies;
  }
  for (const auto& seen : committed(evidence.broker, topics::dead_letters)) {
    if (seen.record->header("dlq-reason") != "HANDLER_FAILED") continue;
    auto& fate = fates[seen.record->header("ce_id")];
    ++fate.letters;
    if (seen.record->header("dlq-stream").empty()) ++fate.given_up;
  }
}

void read_commands_and_events(const Evidence& evidence, Fates& fates) {
  const auto& sent = evidence.client.sent();
  for (const auto topic : topics::command_topics) {
    for (const auto& [partition, offset, record] : committed(evidence.broker, topic)) {
      auto& fate = fates[record->header("ce_id")];
      ++fate.seen;
      const auto known = sent.find(record->header("ce_id"));
      const auto owner = known == sent.end() ? record->key.value_or("") : known->second.owner;
      if (partition == kafka::partition_for(owner, evidence.broker.partitions())) ++fate.landed;
    }
  }
  for (const auto topic : {topics::allocation_events, topics::ordering_events, topics::customer_events}) {
    for (const auto& seen : committed(evidence.broker, topic)) {
      fates[seen.record->header("ce_causationid")].events.push_back(seen.record);
    }
  }
}

void read_discards(const Evidence& evidence, Fates& fates) {
  for (const auto& [id, word] : evidence.client.sent()) {
    if (word.type != "messaging.v1.DiscardParked") continue;
    CommandResult result;
    const auto& results = fates[id].final_results;
    if (!results.empty()) result.ParseFromString(results.front());
    if (result.status() == messaging::v1::ACCEPTED) ++fates[word.about].discarded;
  }
}

// The event that an accepted command of this type makes, once; empty: that depends.
std::string_view sure_event_of(std::string_view type) {
  if (type == "allocation.v1.CreateBatch") return "allocation.v1.BatchCreated";
  if (type == "ordering.v1.CreateOrder") return "ordering.v1.OrderCreated";
  if (type == "ordering.v1.PayOrder") return "ordering.v1.OrderPaid";
  if (type == "ordering.v1.ShipOrder") return "ordering.v1.OrderShipped";
  if (type == "ordering.v1.CancelOrder") return "ordering.v1.OrderCancelled";
  return {};
}

void check_effect(const std::string& id, const Fate& fate, Violations& violations) {
  CommandResult result;
  if (!fate.final_results.empty()) result.ParseFromString(fate.final_results.front());
  if (result.status() != messaging::v1::ACCEPTED) {
    if (!fate.events.empty())
      violations.push_back("command " + id + " was not accepted, and has had " + std::to_string(fate.events.size()) +
                           " events");
    return;
  }
  std::int64_t version = 0;
  for (const auto* event : fate.events) {
    if (event->transaction != fate.answered_in)
      violations.push_back("command " + id + " has an event and its result in two transactions");
    if (event->header("ce_subject") == result.aggregate_id())
      version = std::max(version, static_cast<std::int64_t>(std::stoll(event->header("ce_streamversion"))));
  }
  if (version > 0 && version != result.version())
    violations.push_back("command " + id + " made version " + std::to_string(version) + " and says " +
                         std::to_string(result.version()));
  const auto sure = sure_event_of(result.type());
  const auto count = std::ranges::count(fate.events, sure, [](const auto* event) { return event->header("ce_type"); });
  if (!sure.empty() && count != 1)
    violations.push_back("command " + id + " was accepted with " + std::to_string(count) + ' ' + std::string{sure});
}

void check_fate(const std::string& id, const Sent* sent, const Fate& fate, Violations& violations) {
  const int copies = sent != nullptr ? sent->copies : 1;
  const int answers = static_cast<int>(fate.final_results.size()) + fate.discarded + fate.given_up;
  const auto say = [&](const std::string& what) { violations.push_back("command " + id + ' ' + what); };
  if (fate.seen == 0) return say("is answered, or has events, but nobody sent it");
  if (answers != copies)
    say("is there " + std::to_string(copies) + " times and has " + std::to_string(answers) + " answers");
  if (fate.parked != fate.letters)
    say("has " + std::to_string(fate.letters) + " dead letters, and " + std::to_string(fate.parked) +
        " results that say so");
  if (std::ranges::adjacent_find(fate.final_results, std::not_equal_to<>{}) != fate.final_results.end() &&
      (sent == nullptr || sent->readable))
    say("has different results");
  const bool goes_straight = sent == nullptr || (!sent->owner.empty() && sent->readable);
  if (goes_straight && (fate.landed > copies || fate.landed < copies - fate.given_up))
    say("came " + std::to_string(fate.landed) + " times to its owner, not " + std::to_string(copies));
  if (sent == nullptr && fate.seen != 1) say("of our own is there " + std::to_string(fate.seen) + " times");
  if (sent != nullptr && sent->wants_reply && !sent->id.ends_with('7') &&
      fate.replies != static_cast<int>(fate.final_results.size()) + fate.parked)
    say("has " + std::to_string(fate.replies) + " replies");
  check_effect(id, fate, violations);
}

// Where a command is met in the topics, for who looks for what became of it.
void tell_records(const Evidence& evidence, const std::string& id, Violations& violations) {
  constexpr std::array states{"open", "committed", "aborted", "a marker"};
  for (const auto& [place, log] : evidence.broker.logs()) {
    for (std::size_t offset = 0; offset < log.size(); ++offset) {
      const auto& record = log[offset];
      if (record.header("ce_id") != id && record.header("ce_causationid") != id) continue;
      violations.push_back("  " + place.first + '/' + std::to_string(place.second) + '@' + std::to_string(offset) + ' ' +
                           record.header("ce_type") + ' ' + record.header("dlq-reason") + ' ' + record.header("dlq-stream") + ' ' +
                           record.header("dlq-detail") + ", " +
                           states[static_cast<std::size_t>(record.state)]);
    }
  }
}

}  // namespace

void check_answers(const Evidence& evidence, Violations& violations) {
  Fates fates;
  for (const auto& [id, sent] : evidence.client.sent()) fates[id];
  read_results(evidence, fates);
  read_commands_and_events(evidence, fates);
  read_discards(evidence, fates);
  for (const auto& [id, fate] : fates) {
    const auto sent = evidence.client.sent().find(id);
    const auto before = violations.size();
    check_fate(id, sent == evidence.client.sent().end() ? nullptr : &sent->second, fate, violations);
    if (violations.size() > before) tell_records(evidence, id, violations);
  }
}

}  // namespace orderly::simulation
