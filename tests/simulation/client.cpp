#include "simulation/client.h"

#include "common/clock/rfc3339.h"
#include "topics.h"

namespace orderly::simulation {
namespace {

// {"a":"b","c":1}: names and values in turn; a value that begins with a digit, a brace or a bracket stands as it is.
std::string json(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields) {
    const bool plain = std::string_view{"0123456789{[tf"}.find(value.front()) != std::string_view::npos;
    text.append(text.size() > 1 ? ",\"" : "\"").append(name).append(plain ? "\":" : "\":\"").append(value);
    if (!plain) text.append("\"");
  }
  return text + "}";
}

}  // namespace

std::string Client::send(std::int64_t now_ms) {
  const bool again = !ids_.empty() && random_.chance(15);
  Sent command;
  if (again) {
    command = sent_.at(ids_[static_cast<std::size_t>(random_.pick(0, static_cast<int>(ids_.size()) - 1))]);
  } else {
    command = any_command();
    command.id = "c" + std::to_string(ids_.size());
    command.topic = topics::commands_of(command.type);
    command.wants_reply = random_.chance(10);
    ids_.push_back(command.id);
    sent_[command.id] = command;
  }
  const auto& known = command.owner.empty() ? command.payload : command.owner;
  const auto partition = random_.chance(70) ? kafka::partition_for(known, broker_.partitions())
                                            : static_cast<std::int32_t>(random_.pick(0, broker_.partitions() - 1));
  produce(command, partition, now_ms);
  ++sent_[command.id].copies;
  return "client: " + command.id + ' ' + command.type + ' ' + command.payload + " to partition " +
         std::to_string(partition) + (again ? ", once more" : "");
}

void Client::produce(const Sent& command, std::int32_t partition, std::int64_t now_ms) {
  Record record{.key = command.owner, .value = command.payload, .headers = {}, .timestamp_ms = now_ms};
  record.headers = {{"ce_type", command.type}, {"ce_id", command.id}, {"content-type", "application/json"}};
  if (command.wants_reply) record.headers.emplace_back("reply-to", command.id.ends_with('7') ? "nowhere" : "replies");
  broker_.produce({command.topic, partition}, std::move(record));
}

std::string Client::release(const std::string& topic, const std::string& stream, const std::string& command_id,
                            bool discard, std::int64_t now_ms) {
  Sent word;
  word.topic = topic;
  word.type = discard ? "messaging.v1.DiscardParked" : "messaging.v1.ReplayParked";
  word.id = "operator-" + std::to_string(ids_.size());
  word.owner = stream.substr(stream.find('/') + 1);
  word.payload = R"({"stream":")" + stream + R"(","command_id":")" + command_id + R"("})";
  word.about = command_id;
  word.copies = 1;
  produce(word, kafka::partition_for(word.owner, broker_.partitions()), now_ms);
  ids_.push_back(word.id);
  sent_[word.id] = std::move(word);
  return ids_.back();
}

Sent Client::any_command() {
  if (random_.chance(4)) {
    return {"", random_.chance(50) ? "allocation.v1.Allocate" : "ordering.v1.PayOrder", "", sku(), "{no JSON", false};
  }
  return random_.chance(50) ? allocation() : ordering();
}

Sent Client::allocation() {
  const int kind = random_.pick(0, 99);
  const auto of = sku();
  if (kind < 35) {
    return {"", "allocation.v1.CreateBatch", "", of,
            json({{"batch_ref", batch()}, {"sku", of}, {"quantity", std::to_string(random_.pick(1, 12))}})};
  }
  if (kind < 60) {
    std::vector<std::pair<std::string, std::string>> fields{{"batch_ref", batch()},
                                                            {"quantity", std::to_string(random_.pick(0, 12))}};
    const bool names_sku = random_.chance(30);
    if (names_sku) fields.emplace_back("sku", of);
    return {"", "allocation.v1.ChangeBatchQuantity", "", names_sku ? of : "", json(fields)};
  }
  // In an order's name only as the order itself asks, or the two would not be of one line.
  const bool in_order = random_.chance(30);
  const auto for_whom = in_order ? order() : "x" + std::to_string(random_.pick(1, 5));
  if (kind < 90 || in_order) {
    return {"", "allocation.v1.Allocate", "", of,
            json({{"order_id", for_whom},
                  {"sku", of},
                  {"quantity", std::to_string(in_order ? 2 : random_.pick(1, 3))},
                  {"backorder", random_.chance(50) ? "true" : "false"}})};
  }
  return {"", "allocation.v1.Deallocate", "", of, json({{"order_id", for_whom}, {"sku", of}})};
}

Sent Client::ordering() {
  const int kind = random_.pick(0, 99);
  const auto id = order();
  if (kind < 45) {
    const int first = random_.pick(0, 3), lines = random_.pick(1, 2);
    std::string items = "[";
    for (int i = 0; i < lines; ++i) {
      items += std::string{i > 0 ? "," : ""} + R"({"sku":")" + static_cast<char>('A' + (first + i) % 4) +
               R"(","quantity":2,"unit_price":{"currency":"EUR","minor_units":50}})";
    }
    return {
        "", "ordering.v1.CreateOrder", "", id,
        json({{"order_id", id}, {"customer_id", "k" + std::to_string(random_.pick(1, 2))}, {"items", items + "]"}})};
  }
  if (kind < 65) {
    const auto cents = std::to_string(random_.chance(70) ? 100 : 200);
    return {"", "ordering.v1.PayOrder", "", id,
            json({{"order_id", id}, {"amount", R"({"currency":"EUR","minor_units":)" + cents + "}"}})};
  }
  if (kind < 85) return {"", "ordering.v1.ShipOrder", "", id, json({{"order_id", id}})};
  return {"", "ordering.v1.CancelOrder", "", id, json({{"order_id", id}, {"reason", "Changed my mind"}})};
}

}  // namespace orderly::simulation
