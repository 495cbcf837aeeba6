// orderly events STREAM: the audit trail of one aggregate, from a write service's store, also while it runs.
#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <iostream>

#include "cli/subcommand.h"
#include "cli/terminal.h"
#include "common/clock/rfc3339.h"
#include "common/sqlite/database.h"
#include "storage/event_log.h"
#include "storage/stored_events.pb.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

std::string to_json(const storage::StoredEvent& event) {
  const std::string package = storage::stored::Allocated::descriptor()->file()->package();
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(package + '.' + event.type);
  if (descriptor == nullptr) return "(a type that this program does not know)";
  const std::unique_ptr<google::protobuf::Message> message{google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New()};
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  std::string json;
  if (!message->ParseFromString(event.data) || !google::protobuf::util::MessageToJsonString(*message, &json, print).ok()) return "(damaged)";
  return json;
}

// Every stream of that name, or whose aggregate has that id: product/LAMP, or LAMP.
std::vector<std::string> streams_of(sqlite::Database& db, const std::string& wanted) {
  sqlite::Statement query{db, "SELECT name FROM streams WHERE name = ?1 OR (instr(?1, '/') = 0 AND name IN ('product/' || ?1, "
                              "'batch_reference/' || ?1, 'order/' || ?1, 'customer/' || ?1)) ORDER BY name"};
  query.bind(wanted);
  std::vector<std::string> names;
  while (query.step()) names.emplace_back(query.text(0));
  return names;
}

void print_stream(sqlite::Database& db, const std::string& name) {
  storage::EventLog log{db};
  std::vector<std::vector<std::string>> rows{{"VERSION", "TIME", "TYPE", "COMMAND", "CORRELATION", "EVENT"}};
  for (const auto& event : log.after(*log.head(name), 0)) {
    rows.push_back({std::to_string(event.version), to_rfc3339(from_unix_ms(event.time_ms)), event.type, event.command_id,
                    event.correlation_id, to_json(event)});
  }
  std::cout << name << '\n' << table(rows);
}

}  // namespace

int events_command(const Arguments& arguments) {
  std::string stream, data;
  options::Parser parser{"orderly events STREAM", "every event of a stream, such as product/LAMP, with cause, correlation and time"};
  parser.add()("stream", po::value(&stream)->required(), "product/LAMP, or LAMP alone")(
      "data", po::value(&data)->required()->value_name("DIR"), "the write service's directory");
  parser.positional("stream", 1);
  if (!parse(parser, arguments)) return 0;
  bool any_store = false, found = false;
  if (!std::filesystem::is_directory(data)) throw std::invalid_argument{"--data: " + data + " is not a directory"};
  for (const auto& entry : std::filesystem::directory_iterator{data}) {
    if (entry.path().extension() != ".db" || !entry.path().filename().string().starts_with("shard-")) continue;
    any_store = true;
    sqlite::Database db{entry.path(), sqlite::OpenMode::read_only};
    db.execute("BEGIN");  // one view of the store, however long the reading takes
    for (const auto& name : streams_of(db, stream)) {
      print_stream(db, name);
      found = true;
    }
  }
  if (!any_store) throw std::invalid_argument{"--data: there is no shard's store in " + data};
  if (!found) std::cerr << "orderly: no stream " << stream << '\n';
  return found ? 0 : 1;
}

}  // namespace orderly::cli
