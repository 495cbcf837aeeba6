#include "reactions/notifications_mails.h"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "customer/v1/customer.pb.h"
#include "topics.h"

namespace orderly::reactions {
namespace {

using Values = MailTemplate::Values;

// Each file is a raw string literal, so that a program carries its templates.
constexpr const char* out_of_stock_template =
#include "reactions/templates/out_of_stock.inc"
    ;
constexpr const char* customer_became_vip_template =
#include "reactions/templates/customer_became_vip.inc"
    ;

template <class Event>
std::optional<Event> parse(std::string_view payload) {
  Event event;
  if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return std::nullopt;
  return event;
}

std::optional<Values> read_out_of_stock(std::string_view payload) {
  const auto event = parse<allocation::v1::OutOfStock>(payload);
  if (!event) return std::nullopt;
  return Values{{"sku", event->sku()},
                {"order_id", event->order_id()},
                {"quantity", std::to_string(event->quantity())},
                {"waits_for_stock", event->backordered() ? "yes" : "no"}};
}

std::optional<Values> read_customer_became_vip(std::string_view payload) {
  const auto event = parse<customer::v1::CustomerBecameVip>(payload);
  if (!event) return std::nullopt;
  return Values{{"customer_id", event->customer_id()}, {"order_id", event->order_id()}};
}

std::string event_id(const kafka::Message& event) {
  if (const auto id = event.header("ce_id"); id && !id->empty()) return std::string{*id};
  return std::string{event.topic} + '/' + std::to_string(event.partition) + '/' + std::to_string(event.offset);
}

}  // namespace

std::span<const Notification> notifications() {
  static const std::array all{
      Notification{"out_of_stock",
                   std::string{topics::allocation_events},
                   "allocation.v1.OutOfStock",
                   out_of_stock_template,
                   {"sku", "order_id", "quantity", "waits_for_stock"},
                   read_out_of_stock},
      Notification{"customer_became_vip",
                   std::string{topics::customer_events},
                   "customer.v1.CustomerBecameVip",
                   customer_became_vip_template,
                   {"customer_id", "order_id"},
                   read_customer_became_vip},
  };
  return all;
}

MailTemplate load_template(const Notification& notification, const std::filesystem::path& directory) {
  auto names = notification.placeholders;
  names.insert(names.end(), {"event_id", "time"});
  std::string text = notification.built_in_template, where = "the built-in template";
  if (!directory.empty()) {
    if (!std::filesystem::is_directory(directory)) throw std::invalid_argument{directory.string() + " is no directory"};
    const auto file = directory / (notification.name + ".txt");
    if (std::filesystem::exists(file)) {
      std::ifstream stream{file};
      std::ostringstream bytes;
      bytes << stream.rdbuf();
      if (!stream) throw std::invalid_argument{"cannot read " + file.string()};
      text = bytes.str();
      where = file.string();
    }
  }
  try {
    return MailTemplate::parse(text, names);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument{where + ": " + error.what()};
  }
}

std::optional<Mail> mail_for(const Notification& notification, const MailTemplate& words, const kafka::Message& event) {
  auto values = notification.read(event.value);
  if (!values) return std::nullopt;
  const std::string id = event_id(event);
  values->emplace("event_id", id);
  values->emplace("time", event.header("ce_time").value_or(to_rfc3339(from_unix_ms(event.timestamp_ms))));
  auto [subject, body] = words.render(*values);
  return Mail{mail_id(id), std::move(subject), std::move(body)};
}

}  // namespace orderly::reactions
