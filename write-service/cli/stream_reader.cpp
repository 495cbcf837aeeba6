#include "cli/stream_reader.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "cli/payload.h"
#include "cli/text.h"
#include "domain/batch_reference.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"
#include "outbox/integration_events.h"
#include "storage/event_codec.h"
#include "storage/stored_events.pb.h"

namespace orderly::cli {
namespace {

std::vector<std::filesystem::path> stores_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> stores;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory, error}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("shard-") && name.ends_with(".db")) stores.push_back(entry.path());
  }
  if (error) throw std::invalid_argument{"--data: " + directory.string() + " cannot be read: " + error.message()};
  if (stores.empty())
    throw std::invalid_argument{"--data: " + directory.string() + " holds no store of a write service"};
  std::ranges::sort(stores);
  return stores;
}

std::vector<std::string> candidates(const std::string& wanted) {
  std::vector<std::string> names{wanted};
  for (const auto category : {domain::Product::stream_category, domain::BatchReference::stream_category,
                              domain::Order::stream_category, domain::Customer::stream_category}) {
    names.push_back(std::string{category} + '/' + wanted);
  }
  return names;
}

// As others see it, where it is published; else as it is stored.
template <domain::Decider Aggregate>
std::string json_of(const storage::StoredEvent& event, const std::string& aggregate_id) {
  const auto decoded = storage::EventCodec<Aggregate>::decode(event.type, event.data, aggregate_id);
  if (const auto published = outbox::to_integration_event(decoded)) {
    return describe_payload(published->payload, std::string{published->type}, "application/protobuf",
                            JsonLayout::one_line)
        .text;
  }
  const auto* type = storage::stored::BatchCreated::descriptor()->file()->FindMessageTypeByName(event.type);
  const std::unique_ptr<google::protobuf::Message> message{
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New()};
  message->ParseFromString(event.data);
  return to_json(*message, JsonLayout::one_line);
}

}  // namespace

std::vector<Stream> read_streams(const std::filesystem::path& directory, const std::string& wanted) {
  std::vector<Stream> streams;
  for (const auto& store : stores_in(directory)) {
    sqlite::Database db{store, sqlite::OpenMode::read_only};
    db.execute("BEGIN");  // one view of the store, however long the reading takes
    storage::EventLog log{db};
    for (const auto& name : candidates(wanted)) {
      if (const auto head = log.head(name)) streams.push_back({name, log.after(*head, 0)});
    }
  }
  if (streams.empty()) throw std::runtime_error{"no stream " + one_line(wanted) + " in " + directory.string()};
  return streams;
}

std::string event_json(std::string_view stream_name, const storage::StoredEvent& event) {
  const auto slash = stream_name.find('/');
  const auto category = stream_name.substr(0, slash);
  const std::string id{stream_name.substr(slash + 1)};
  if (category == domain::Product::stream_category) return json_of<domain::Product>(event, id);
  if (category == domain::Order::stream_category) return json_of<domain::Order>(event, id);
  if (category == domain::Customer::stream_category) return json_of<domain::Customer>(event, id);
  return json_of<domain::BatchReference>(event, id);
}

}  // namespace orderly::cli
