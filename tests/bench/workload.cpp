#include "workload.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "messaging/v1/messaging.pb.h"

namespace orderly::bench {
namespace {

constexpr std::int64_t batch_quantity = 2'000'000'000;  // no line ever goes out of stock
constexpr int most_of_a_line = 10;
constexpr std::size_t number_digits = 8;  // at the end of an id, hexadecimal

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

// A reference of the sku's own shard: its claim needs no word from another one, so that the run measures allocating
// alone.
std::string batch_ref_beside(const std::string& sku, int number, std::int32_t partitions) {
  for (unsigned suffix = 0xa;; ++suffix) {
    std::string ref = format("batch-%04d-%x", number, suffix);
    if (kafka::partition_for(ref, partitions) == kafka::partition_for(sku, partitions)) return ref;
  }
}

Time now() { return SystemClock{}.now(); }

}  // namespace

Workload::Workload(const WorkloadOptions& options)
    : options_(options), versions_(static_cast<std::size_t>(options.skus)) {
  double sum = 0;
  for (int i = 0; i < options.skus; ++i) {
    sku_names_.push_back(sku_name(i));
    batch_refs_.push_back(batch_ref_beside(sku_names_.back(), i, options.partitions));
    if (options.zipf) cumulative_.push_back(sum += 1.0 / (i + 1));
  }
}

std::string Workload::order_id(std::uint64_t number) {
  return format("o-%08llu", static_cast<unsigned long long>(number));
}

std::string Workload::sku_name(int sku) { return format("SKU-%04d", sku); }

std::uint64_t Workload::number_in(std::string_view id) {
  std::uint64_t number = 0;
  if (id.size() > number_digits) std::from_chars(id.end() - number_digits, id.end(), number, 16);
  return number;
}

std::string Workload::new_id(std::uint64_t number) {
  std::string id = new_uuid_v7(now(), random_);
  return id.replace(id.size() - number_digits, number_digits,
                    format("%08llx", static_cast<unsigned long long>(number)));
}

int Workload::next_sku() {
  if (!options_.zipf) return static_cast<int>(random_() % static_cast<std::uint64_t>(options_.skus));
  const double at = std::uniform_real_distribution{0.0, cumulative_.back()}(random_);
  return static_cast<int>(std::ranges::upper_bound(cumulative_, at) - cumulative_.begin());
}

Record Workload::command(std::string_view type) {
  time_ = to_rfc3339(now());
  const std::string_view sku = sku_names_[static_cast<std::size_t>(sku_)];
  const std::string_view form = options_.json ? "application/json" : "application/protobuf";
  return {type, sku, id_, value_,
          command_headers({.id = id_, .type = type, .time = time_, .subject = sku, .content_type = form})};
}

Record Workload::create_batch(int sku) {
  sku_ = sku;
  id_ = new_id(0xB0000000U + static_cast<unsigned>(sku));
  const auto& name = sku_names_[static_cast<std::size_t>(sku)];
  const auto& ref = batch_refs_[static_cast<std::size_t>(sku)];
  if (options_.json) {
    value_ = format(R"({"batch_ref":"%s","sku":"%s","quantity":%lld})", ref.c_str(), name.c_str(),
                    static_cast<long long>(batch_quantity));
  } else {
    allocation::v1::CreateBatch message;
    message.set_batch_ref(ref);
    message.set_sku(name);
    message.set_quantity(batch_quantity);
    message.SerializeToString(&value_);
  }
  return command("allocation.v1.CreateBatch");
}

Record Workload::allocate(std::uint64_t number) {
  sku_ = next_sku();
  id_ = new_id(number);
  const auto quantity = static_cast<int>(random_() % most_of_a_line) + 1;
  const auto& name = sku_names_[static_cast<std::size_t>(sku_)];
  if (options_.json) {
    value_ = format(R"({"order_id":"%s","sku":"%s","quantity":%d})", order_id(number).c_str(), name.c_str(), quantity);
  } else {
    allocation::v1::Allocate message;
    message.set_order_id(order_id(number));
    message.set_sku(name);
    message.set_quantity(quantity);
    message.SerializeToString(&value_);
  }
  return command("allocation.v1.Allocate");
}

Record Workload::event(std::string_view type) {
  time_ = to_rfc3339(now());
  event_id_ = derive_id(id_, "event", 0);
  version_ = std::to_string(++versions_[static_cast<std::size_t>(sku_)]);
  const std::string_view sku = sku_names_[static_cast<std::size_t>(sku_)];
  return {type, sku, id_, value_,
          event_headers({.id = event_id_,
                         .type = type,
                         .time = time_,
                         .subject = sku,
                         .command_id = id_,
                         .version = version_})};
}

Record Workload::batch_created(int sku) {
  sku_ = sku;
  id_ = new_id(0xB0000000U + static_cast<unsigned>(sku));
  allocation::v1::BatchCreated message;
  message.set_batch_ref(batch_refs_[static_cast<std::size_t>(sku)]);
  message.set_sku(sku_names_[static_cast<std::size_t>(sku)]);
  message.set_quantity(batch_quantity);
  message.SerializeToString(&value_);
  return event("allocation.v1.BatchCreated");
}

Record Workload::allocated(std::uint64_t number) {
  sku_ = next_sku();
  id_ = new_id(number);
  allocation::v1::Allocated message;
  message.set_order_id(order_id(number));
  message.set_sku(sku_names_[static_cast<std::size_t>(sku_)]);
  message.set_quantity(static_cast<int>(random_() % most_of_a_line) + 1);
  message.set_batch_ref(batch_refs_[static_cast<std::size_t>(sku_)]);
  message.SerializeToString(&value_);
  return event("allocation.v1.Allocated");
}

Record Workload::result_of_last() {
  const auto& sku = sku_names_[static_cast<std::size_t>(sku_)];
  messaging::v1::CommandResult message;
  message.set_command_id(id_);
  message.set_type("allocation.v1.Allocate");
  message.set_status(messaging::v1::ACCEPTED);
  message.set_aggregate_id(sku);
  message.set_version(versions_[static_cast<std::size_t>(sku_)]);
  message.set_batch_ref(batch_refs_[static_cast<std::size_t>(sku_)]);
  message.set_correlation_id(id_);
  message.SerializeToString(&value_);
  event_id_ = derive_id(id_, "result", 0);
  return {result_type, id_, id_, value_,
          result_headers({.id = event_id_, .time = time_, .subject = sku, .command_id = id_})};
}

}  // namespace orderly::bench
