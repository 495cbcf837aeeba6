#include "read-service/published_event.h"

#include <charconv>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "common/tracing/trace_context.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::read {
namespace {

constexpr std::size_t most_types = 1'000;  // remembered; a topic full of odd types must not eat the memory

void read_header(PublishedEvent& event, const kafka::Header& header) {
  if (header.name == "traceparent" && tracing::is_traceparent(header.value)) event.traceparent = header.value;
  if (!header.name.starts_with("ce_")) return;
  if (header.name == "ce_id") event.id = header.value;
  if (header.name == "ce_type") event.type = header.value;
  if (header.name == "ce_subject") event.subject = header.value;
  if (header.name == "ce_correlationid") event.correlation_id = header.value;
  if (header.name == "ce_causationid") event.causation_id = header.value;
  if (header.name == "ce_time") event.time = parse_rfc3339(header.value);
  if (header.name != "ce_streamversion") return;
  const auto* end = header.value.data() + header.value.size();
  const auto [at, error] = std::from_chars(header.value.data(), end, event.stream_version);
  if (error != std::errc{} || at != end || event.stream_version <= 0)
    event.flaw = "ce_streamversion is no positive number";
}

}  // namespace

EventDecoder::EventDecoder() {
  // Named here so that the linker keeps every package of the contract, whichever views there are.
  allocation::v1::BatchCreated::descriptor();
  customer::v1::CustomerBecameVip::descriptor();
  messaging::v1::CommandResult::descriptor();
  ordering::v1::OrderCreated::descriptor();
}

EventBatch EventDecoder::decode(kafka::MessageBatch records) {
  EventBatch batch{std::move(records), std::make_unique<google::protobuf::Arena>(), {}};
  batch.polled = std::chrono::system_clock::now();
  const auto started = std::chrono::steady_clock::now();
  batch.events.resize(batch.records.messages.size());
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const auto& record = batch.records.messages[i];
    auto& event = batch.events[i];
    event.topic = record.topic;
    event.partition = record.partition;
    event.offset = record.offset;
    event.record = &record;
    event.is_event = record.topic != dead_letters_topic;
    if (!event.is_event) {
      event.type = record.topic;
      continue;
    }
    for (const auto& header : record.headers) read_header(event, header);
    if (event.flaw.empty()) parse(event, record.value, *batch.arena);
  }
  batch.decoding = std::chrono::steady_clock::now() - started;
  return batch;
}

void EventDecoder::parse(PublishedEvent& event, std::string_view value, google::protobuf::Arena& arena) {
  if (event.type.empty()) {
    event.flaw = "ce_type is missing";
    return;
  }
  const auto* known = prototype(event.type);
  if (known == nullptr) return;
  auto* message = known->New(&arena);
  if (message->ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    event.message = message;
  } else {
    event.flaw = "the value is no " + std::string{event.type};
  }
}

const google::protobuf::Message* EventDecoder::prototype(std::string_view type) {
  if (const auto found = prototypes_.find(type); found != prototypes_.end()) return found->second;
  const std::string name{type};
  const auto* described = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  const google::protobuf::Message* known =
      described == nullptr ? nullptr : google::protobuf::MessageFactory::generated_factory()->GetPrototype(described);
  if (prototypes_.size() < most_types) prototypes_.emplace(name, known);
  return known;
}

}  // namespace orderly::read
