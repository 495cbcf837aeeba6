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

std::string stored_event_json(std::string_view type, std::string_view data) {
  const auto* file = storage::stored::BatchCreated::descriptor()->file();
  const auto* descriptor = file->FindMessageTypeByName(std::string{type});
  if (descriptor == nullptr)
    throw std::runtime_error{"stored event type " + one_line(type) + " is unknown: a newer version wrote it"};
  const std::unique_ptr<google::protobuf::Message> event{
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New()};
  if (!event->ParseFromArray(data.data(), static_cast<int>(data.size()))) {
    throw std::runtime_error{"a stored " + std::string{type} + " cannot be read: the store is damaged"};
  }
  return to_json(*event, JsonLayout::one_line);
}

}  // namespace orderly::cli
