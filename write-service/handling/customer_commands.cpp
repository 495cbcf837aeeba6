// What the command handler does with customers' ids where they are sealed (storage/customer_keys.h): an order does not
// write down whose it is, and a customer's own shard knows him by his sealed id alone.
#include "handling/command_handler.h"

namespace orderly::handling {

const domain::Order::Event& CommandHandler::to_write(const domain::Order::Event& event) {
  if (work_->customer_keys() == nullptr || !std::holds_alternative<domain::OrderCreated>(event)) return event;
  unnamed_ = event;
  std::get<domain::OrderCreated>(unnamed_).customer_id.clear();
  return unnamed_;
}

Outcome CommandHandler::handle_order(const Envelope& envelope, const domain::Order::Command& command) {
  const auto* create = std::get_if<domain::CreateOrder>(&command);
  constexpr auto most = storage::CustomerKeys::most_id_bytes;
  if (create != nullptr && work_->customer_keys() != nullptr && create->customer_id.size() > most) {
    return reject(envelope, create->order_id, 0,
                  domain::invalid("customer_id", "must have at most " + std::to_string(most) + " bytes to be sealed"));
  }
  return handle_alone<domain::Order>(envelope, command);
}

Outcome CommandHandler::handle_customer(const Incoming& incoming, const domain::Customer::Command& command) {
  const auto& envelope = incoming.envelope;
  const auto* request = std::get_if<domain::ForgetCustomer>(&command);
  if (request != nullptr) return forget(incoming, request->customer_id);
  auto* keys = work_->customer_keys();
  if (keys == nullptr) return handle_alone<domain::Customer>(envelope, command);
  auto record = std::get<domain::RecordOrder>(command);
  record.customer_id = keys->seal(record.customer_id, incoming.record.offset);
  return handle_alone<domain::Customer>(envelope, record);
}

// No answer names him: it is kept and published.
Outcome CommandHandler::forget(const Incoming& incoming, const std::string& customer_id) {
  const auto& envelope = incoming.envelope;
  auto* keys = work_->customer_keys();
  if (keys == nullptr) {
    return reject(envelope, "", 0,
                  {domain::RejectionCode::not_sealed, "customer_id",
                   "customer_id: customers' ids are not sealed here, so there is no key to destroy"});
  }
  const auto sealed = keys->find(customer_id, incoming.record.offset);
  if (!sealed) {
    return reject(envelope, "", 0,
                  {domain::RejectionCode::unknown_customer, "customer_id", "customer_id: no such customer has a key"});
  }
  auto outcome = handle_alone<domain::Customer>(envelope, domain::ForgetCustomer{*sealed});
  if (outcome.status == "ACCEPTED") keys->forget(*sealed, {incoming.record.offset, to_unix_ms(envelope.time)});
  return outcome;
}

}  // namespace orderly::handling
