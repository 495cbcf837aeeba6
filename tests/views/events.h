// Events as the write service publishes them, in few words: of the sku LAMP unless told otherwise, versions counted by
// the stream. Threads: one a Stream. Failures: none.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "messaging/v1/messaging.pb.h"

namespace orderly::test {

struct Record {
  std::string topic;
  std::int32_t partition = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
};

inline Record to_record(const std::string& topic, const google::protobuf::Message& message, const std::string& subject,
                        std::int64_t version, std::optional<Time> time = std::nullopt) {
  Record record{.topic = topic, .partition = 0, .key = subject, .value = message.SerializeAsString(), .headers = {}};
  record.headers = {{"ce_id", subject + '-' + std::to_string(version)},
                    {"ce_type", message.GetDescriptor()->full_name()},
                    {"ce_subject", subject},
                    {"ce_time", to_rfc3339(time.value_or(SystemClock{}.now()))}};
  if (version > 0) record.headers.emplace_back("ce_streamversion", std::to_string(version));
  return record;
}

// One product's events, numbered 1, 2, 3 …
class Stream {
 public:
  explicit Stream(std::string sku = "LAMP") : sku_(std::move(sku)) {}

  Record created(const std::string& batch_ref, std::int64_t quantity, const std::string& eta = "") {
    allocation::v1::BatchCreated event;
    event.set_eta(eta);
    return finish(event, batch_ref, quantity);
  }
  Record quantity_changed(const std::string& batch_ref, std::int64_t quantity) {
    allocation::v1::BatchQuantityChanged event;
    return finish(event, batch_ref, quantity);
  }
  Record allocated(const std::string& order_id, std::int64_t quantity, const std::string& batch_ref) {
    allocation::v1::Allocated event;
    event.set_order_id(order_id);
    return finish(event, batch_ref, quantity);
  }
  Record deallocated(const std::string& order_id, std::int64_t quantity, const std::string& batch_ref) {
    allocation::v1::Deallocated event;
    event.set_order_id(order_id);
    return finish(event, batch_ref, quantity);
  }
  Record out_of_stock(const std::string& order_id, std::int64_t quantity, bool backordered) {
    allocation::v1::OutOfStock event;
    event.set_sku(sku_);
    event.set_order_id(order_id);
    event.set_quantity(quantity);
    event.set_backordered(backordered);
    return to_record("allocation.events", event, sku_, ++version_);
  }
  std::int64_t version() const { return version_; }

 private:
  template <class Event>
  Record finish(Event& event, const std::string& batch_ref, std::int64_t quantity) {
    event.set_sku(sku_);
    event.set_batch_ref(batch_ref);
    event.set_quantity(quantity);
    return to_record("allocation.events", event, sku_, ++version_);
  }
  std::string sku_;
  std::int64_t version_ = 0;
};

inline Record accepted(const std::string& command_id, std::int64_t version = 1) {
  messaging::v1::CommandResult result;
  result.set_command_id(command_id);
  result.set_type("allocation.v1.Allocate");
  result.set_status(messaging::v1::ACCEPTED);
  result.set_aggregate_id("LAMP");
  result.set_version(version);
  result.set_batch_ref("B1");
  return to_record("command.results", result, command_id, 0);
}

}  // namespace orderly::test
