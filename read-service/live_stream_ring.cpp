#include "read-service/live_stream_ring.h"

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "common/http/uri.h"
#include "read-service/message_json.h"

namespace orderly::read {
namespace {

constexpr std::size_t block_bytes = 16 * 1'024;

void member_or_null(http::JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  text.empty() || !http::is_utf8(text) ? json.null() : json.value(text);
}

}  // namespace

EventBlock::EventBlock(std::shared_ptr<const PartitionTable> table, Offsets start, prometheus::Counter& written)
    : table_(std::move(table)), written_(written), start_(std::move(start)), end_(start_) {}

EventBlock::Text EventBlock::keep(std::string_view text) {
  bytes_ += text;
  return {bytes_.size() - text.size(), text.size()};
}

void EventBlock::add(std::size_t partition, const PublishedEvent& event) {
  // A dead letter is known by its place: /dead-letters/{partition}/{offset}.
  const auto place = std::to_string(event.partition) + '/' + std::to_string(event.offset);
  events_.push_back({partition, event.offset});
  contents_.push_back({.id = keep(event.id),
                       .type = keep(event.type),
                       .subject = keep(event.is_event ? event.subject : place),
                       .correlation_id = keep(event.correlation_id),
                       .causation_id = keep(event.causation_id),
                       .value = event.message == nullptr ? Text{} : keep(event.record->value),
                       .version = event.stream_version,
                       .time = event.time,
                       .descriptor = event.message == nullptr ? nullptr : event.message->GetDescriptor(),
                       .is_event = event.is_event});
  end_[partition] = event.offset + 1;
}

std::size_t EventBlock::size_bytes() const {
  return sizeof *this + bytes_.size() + events_.size() * (sizeof(Event) + sizeof(Content)) +
         2 * start_.size() * sizeof(std::int64_t);
}

const EventBlock::Frames& EventBlock::frames() const {
  std::call_once(once_, [this] { write_frames(); });
  return frames_;
}

// Only the name of a known type is sure to be one line.
std::string_view EventBlock::name_of(const Content& content) {
  if (!content.is_event) return dead_letters_topic;
  return content.descriptor == nullptr ? std::string_view{"unknown"} : content.descriptor->full_name();
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html
void EventBlock::write_frames() const {
  std::string text;
  auto offsets = start_;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    offsets[events_[i].partition] = events_[i].offset + 1;
    text.append("event: ").append(name_of(contents_[i]));
    text.append("\nid: ").append(encode(offsets));
    text.append("\ndata: ").append(json(i)).append("\n\n");
    frames_.ends.push_back(text.size());
  }
  frames_.text = std::make_shared<const std::string>(std::move(text));
  written_.Increment(static_cast<double>(events_.size()));
}

std::string EventBlock::json(std::size_t event) const {
  const auto& content = contents_[event];
  http::JsonWriter json;
  json.begin_object();
  member_or_null(json, "id", text(content.id));
  member_or_null(json, "type", text(content.type));
  json.member("topic", table_->topic_of(events_[event].partition));
  member_or_null(json, "subject", text(content.subject));
  json.key("version");
  content.version > 0 ? json.value(content.version) : json.null();
  member_or_null(json, "time", content.time ? to_rfc3339(*content.time) : "");
  member_or_null(json, "correlation_id", text(content.correlation_id));
  member_or_null(json, "causation_id", text(content.causation_id));
  json.key("data");
  if (content.descriptor == nullptr) return json.null().end_object().take();
  google::protobuf::Arena arena;
  auto* message = google::protobuf::MessageFactory::generated_factory()->GetPrototype(content.descriptor)->New(&arena);
  const auto value = text(content.value);
  message->ParseFromArray(value.data(), static_cast<int>(value.size()));  // as it was parsed for the views
  write_json(json, *message);
  return json.end_object().take();
}

bool EventRing::begin(const Positions& positions) {
  auto table = std::make_shared<const PartitionTable>(positions);
  auto offsets = offsets_of(positions);
  const bool same = table_ != nullptr && *table_ == *table;
  bool missing = false;
  for (std::size_t i = 0; same && i < offsets.size(); ++i) missing = missing || offsets[i] > end_[i];
  if (same && !missing) return true;
  const bool is_first = table_ == nullptr;
  table_ = std::move(table);
  end_ = std::move(offsets);
  first_ = end() + 1;  // no number comes twice, and none is waited for
  blocks_.clear();
  size_bytes_ = 0;
  return is_first;
}

void EventRing::append(const EventBatch& batch) {
  std::shared_ptr<EventBlock> block;
  for (const auto& event : batch.events) {
    const auto partition = table_->index_of(event.topic, event.partition);
    if (!partition || event.offset < end_[*partition]) continue;
    if (!block) block = std::make_shared<EventBlock>(table_, end_, written_);
    block->add(*partition, event);
    end_[*partition] = event.offset + 1;
    if (block->size_bytes() >= block_bytes) push(std::exchange(block, nullptr));
  }
  if (block) push(std::move(block));
}

void EventRing::push(std::shared_ptr<const EventBlock> block) {
  size_bytes_ += block->size_bytes();
  blocks_.push_back(std::move(block));
  while (size_bytes_ > most_bytes_ && blocks_.size() > 1) {
    size_bytes_ -= blocks_.front()->size_bytes();
    blocks_.pop_front();
    ++first_;
  }
}

}  // namespace orderly::read
