#include "cli/import/command_writer.h"

#include <algorithm>

#include "allocation/v1/allocation.pb.h"
#include "common/id/id.h"

namespace orderly::cli::importing {

std::string command_id(std::string_view verb, std::string_view subject, std::string_view run_id) {
  std::string id{"import-"};
  id.append(verb).append("-").append(subject);
  if (!run_id.empty()) id.append("-").append(run_id);
  const bool fits = id.size() <= 64 && std::ranges::all_of(id, [](char c) { return c >= '!' && c <= '~'; });
  return fits ? id : derive_id(id, "orderly import", 0);
}

CommandWriter::CommandWriter(sqlite::Database& db, std::string run_id)
    : run_id_(std::move(run_id)),
      command_(db, "INSERT INTO commands(number, kind, order_number, id, payload) VALUES (?1, ?2, ?3, ?4, ?5)"),
      order_(db, "INSERT INTO orders(number, order_id, lines) VALUES (?1, ?2, ?3)"),
      cancel_(db, "UPDATE orders SET cancelled_by = ?2 WHERE number = ?1"),
      remove_(db, "DELETE FROM commands WHERE number = ?1") {}

std::string CommandWriter::of_run(std::string_view name) const {
  return std::string{name} + (run_id_.empty() ? "" : "-" + run_id_);
}

void CommandWriter::write(std::int64_t number, Kind kind, std::int64_t order, const std::string& id,
                          const google::protobuf::Message& message) {
  const auto payload = message.SerializeAsString();
  command_.run(number, kind, order, id, sqlite::as_blob(payload));
}

void CommandWriter::create_batch(std::int64_t number, const std::string& code, const Batch& batch) {
  allocation::v1::CreateBatch message;
  message.set_batch_ref(of_run(batch.reference));
  message.set_sku(code);
  message.set_quantity(batch.quantity);
  message.set_eta(batch.eta);
  write(number, Kind::create_batch, 0, command_id("batch", batch.reference, run_id_), message);
}

void CommandWriter::order(std::int64_t number, const std::string& invoice, const ordering::v1::CreateOrder& order,
                          const ordering::v1::Money& total) {
  ordering::v1::PayOrder pay;
  pay.set_order_id(order.order_id());
  *pay.mutable_amount() = total;
  ordering::v1::ShipOrder ship;
  ship.set_order_id(order.order_id());
  order_.run(number, order.order_id(), order.items_size());
  write(number, Kind::create_order, number, command_id("create", invoice, run_id_), order);
  write(number + 1, Kind::pay_order, number, command_id("pay", invoice, run_id_), pay);
  write(number + 2, Kind::ship_order, number, command_id("ship", invoice, run_id_), ship);
}

void CommandWriter::cancellation(std::int64_t number, const std::string& invoice, std::int64_t order,
                                 const std::string& order_id) {
  ordering::v1::CancelOrder message;
  message.set_order_id(order_id);
  message.set_reason("cancelled by " + invoice);
  cancel_.run(order, number);
  remove_.run(order + 2);
  write(number, Kind::cancel_order, order, command_id("cancel", invoice, run_id_), message);
}

}  // namespace orderly::cli::importing
