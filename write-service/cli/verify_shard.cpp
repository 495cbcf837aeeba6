#include "cli/verify_shard.h"

#include <stdlib.h>

#include <array>
#include <filesystem>
#include <ostream>

#include "cli/backup_manifest.h"
#include "cli/broker_options.h"
#include "cli/payload.h"
#include "cli/stream_reader.h"
#include "cli/text.h"
#include "cli/verify_replay.h"
#include "cli/verify_stores.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"
#include "common/kafka/consumer.h"
#include "common/sqlite/backup.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

using Offsets = StoreReplay::Offsets;

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "orderly-verify-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make the directory " + name};
    path_ = name;
    for (const char* folder : {"live", "replayed"}) std::filesystem::create_directory(path_ / folder);
  }
  ~Scratch() {
    std::error_code ignored;  // a temporary directory that stays is no more than that
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path file(const char* folder, const std::string& name) const { return path_ / folder / name; }
  std::filesystem::path folder(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string store_name(std::int32_t shard) { return "shard-" + std::to_string(shard) + ".db"; }

handling::CommandHandler::Options handling_of(const VerifyShardOptions& options) {
  handling::CommandHandler::Options handling;
  if (options.payment_deadline_s < 0) throw options::OptionError{"--payment-deadline-s: 0 or more seconds wanted"};
  if (options.payment_deadline_s > 0) {
    handling.policies.payment_deadline = std::chrono::seconds{options.payment_deadline_s};
  }
  handling.authorisation = handling::Authorisation{options.allow, options.role};
  handling.authentication = handling::Authentication{options.command_auth, options.command_keys};
  return handling;
}

storage::ShardPlace place_of(sqlite::Database& db) {
  return {static_cast<std::int32_t>(db.query_integer("SELECT shard FROM shard")),
          static_cast<std::int32_t>(db.query_integer("SELECT partitions FROM shard"))};
}

Offsets next_offsets(sqlite::Database& db) {
  Offsets offsets{};
  sqlite::Statement row{db, "SELECT lane, max(0, next_offset) FROM lanes WHERE lane < ?1"};
  for (row.bind(offsets.size()); row.step();) offsets.at(static_cast<std::size_t>(row.integer(0))) = row.integer(1);
  return offsets;
}

// From a backup, where one is given, whose file must be as it was made.
void begin_from_backup(const VerifyShardOptions& options, const std::filesystem::path& to) {
  if (options.from.empty()) return;
  const auto manifest = read_manifest(options.from);
  for (const auto& file : manifest.files) {
    if (file.kind != BackupKind::shard || file.shard != options.shard) continue;
    std::filesystem::copy_file(std::filesystem::path{options.from} / file.path, to);
    if (sha256_of(to) != file.sha256) throw std::runtime_error{"the backup is damaged: " + file.path};
    return;
  }
  throw std::runtime_error{options.from + " holds no shard " + std::to_string(options.shard)};
}

class Topics {
 public:
  Topics(const VerifyShardOptions& options, const StoreReplay& replay, const Offsets& until)
      : shard_(options.shard), until_(until), consumer_(config(options), log::Logger::silent()) {
    std::vector<kafka::Position> positions;
    for (Lane lane = 0; lane < until.size(); ++lane) {
      const auto from = replay.next_offset(lane);
      if (from == until[lane]) continue;
      const std::string topic{topics::command_topics[lane]};
      check(topic, from, until[lane], options.from.empty());
      positions.push_back({topic, shard_, from});
    }
    consumer_.assign(positions);
  }

  // Until the replay is where the store is. Gives how many records that were.
  std::int64_t run(StoreReplay& replay, Console& console) {
    constexpr std::size_t most = 2'000;
    const auto begin = done(replay);
    const auto all = done_at(until_) - begin;
    while (done(replay) < done_at(until_)) {
      replay.take(consumer_.poll(most, broker_timeout), until_);
      if (console.err_is_terminal()) {
        console.err << '\r' << grouped(done(replay) - begin) << " of " << grouped(all) << " records\x1b[K"
                    << std::flush;
      }
    }
    if (console.err_is_terminal()) console.err << "\r\x1b[K" << std::flush;
    return all;
  }

 private:
  static kafka::Config config(const VerifyShardOptions& options) {
    auto config = options::key_values(options.kafka, "kafka");
    config["bootstrap.servers"] = options.brokers;
    return config;
  }
  static std::int64_t done_at(const Offsets& offsets) { return offsets[0] + offsets[1] + offsets[2]; }
  static std::int64_t done(const StoreReplay& replay) {
    return done_at({replay.next_offset(0), replay.next_offset(1), replay.next_offset(2)});
  }

  void check(const std::string& topic, std::int64_t from, std::int64_t until, bool whole) {
    const auto where = topic + '/' + std::to_string(shard_);
    if (from > until) throw std::runtime_error{"the backup is newer than the store: " + where};
    const auto begin = consumer_.begin_offset(topic, shard_, broker_timeout);
    const auto end = consumer_.end_offset(topic, shard_, broker_timeout);
    if (begin > from) {
      throw std::runtime_error{where + " begins at " + std::to_string(begin) + ", and " + std::to_string(from) +
                               " is needed: " + (whole ? "give a backup with --from" : "the backup is too old")};
    }
    if (end < until) {
      throw std::runtime_error{where + " ends at " + std::to_string(end) + ", before the store's " +
                               std::to_string(until) + ": the topic is not the one that the store was made from"};
    }
  }

  const std::int32_t shard_;
  const Offsets until_;
  kafka::Consumer consumer_;
};

// What cannot be read may be the very difference.
std::string data_text(const EventInStore& side) try {
  return event_json(side.stream, side.event);
} catch (const std::exception& error) {
  return std::string{"unreadable data ("} + error.what() + ')';
}

std::string event_text(const std::optional<EventInStore>& side) {
  if (!side) return "nothing";
  const auto& event = side->event;
  const auto id = derive_id(event.command_id, "event", static_cast<std::uint64_t>(event.number));
  return one_line(side->stream) + " version " + std::to_string(event.version) + ' ' + event.type + ' ' +
         data_text(*side) + ", id " + id + ", of command " + one_line(event.command_id) + " at " +
         to_rfc3339(from_unix_ms(event.time_ms));
}

void print_json(std::int32_t shard, std::int64_t records, const StoreComparison& found, const Console& console) {
  console.out << "{\"shard\":" << shard << ",\"records\":" << records << ",\"events\":" << found.events
              << ",\"differing_events\":" << found.differing_events << ",\"first\":[";
  for (const auto& difference : found.first) {
    console.out << (&difference == found.first.data() ? "" : ",") << "{\"position\":" << difference.position
                << ",\"live\":" << json_text(event_text(difference.live))
                << ",\"replayed\":" << json_text(event_text(difference.replayed)) << '}';
  }
  console.out << "],\"others\":[";
  for (const auto& other : found.others) {
    console.out << (&other == found.others.data() ? "" : ",") << json_text(other);
  }
  console.out << "]}\n";
}

void print(std::int32_t shard, std::int64_t records, const StoreComparison& found, const Console& console) {
  console.out << "shard " << shard << ": " << grouped(records) << " records decided again, " << grouped(found.events)
              << " events compared: ";
  if (found.equal()) {
    console.out << console.paint(Colour::green, "equal") << '\n';
    return;
  }
  console.out << console.paint(Colour::red, grouped(found.differing_events) + " differ") << '\n';
  for (const auto& difference : found.first) {
    const auto lane = static_cast<std::size_t>(difference.position >> 48);
    console.out << "the first of " << topics::lanes.at(lane) << ", at position " << difference.position
                << "\n  live      " << event_text(difference.live) << "\n  replayed  "
                << event_text(difference.replayed) << '\n';
  }
  for (const auto& other : found.others) console.out << "also differs: " << one_line(other) << '\n';
}

}  // namespace

void VerifyShardOptions::add_to(options::Parser& parser) {
  parser.add()("shard", po::value(&shard), "verify this shard's store, not the views")(
      "brokers", po::value(&brokers)->value_name("HOST:PORT"), "Kafka's bootstrap servers")(
      "data", po::value(&data)->value_name("DIR"), "the write service's data directory")(
      "from", po::value(&from)->value_name("BACKUP"), "begin with what orderly backup made, not with nothing")(
      "kafka", po::value(&kafka)->value_name("KEY=VALUE")->composing(), "a librdkafka setting; may be repeated")(
      "payment-deadline-s", po::value(&payment_deadline_s)->default_value(0), "as the write service has it")(
      "allow", po::value(&allow)->value_name("PRINCIPAL=TYPES")->composing(), "as the write service has it")(
      "role", po::value(&role)->value_name("ROLE=PRINCIPALS")->composing(), "as the write service has it")(
      "command-auth", po::value(&command_auth)->default_value("off"), "as the write service has it")(
      "command-keys", po::value(&command_keys)->value_name("FILE"), "as the write service has it");
}

int verify_shard(const VerifyShardOptions& options, bool json, Console& console) {
  for (const auto& [name, value] : {std::pair{"--brokers", &options.brokers}, {"--data", &options.data}}) {
    if (value->empty()) throw options::OptionError{std::string{name} + " is wanted with --shard"};
  }
  const auto handling = handling_of(options);
  const auto name = store_name(options.shard);
  const auto store = std::filesystem::path{options.data} / name;
  if (!std::filesystem::exists(store)) throw options::OptionError{"--data: there is no " + store.string()};

  const Scratch scratch;
  const auto live = scratch.file("live", name), replayed = scratch.file("replayed", name);
  sqlite::copy_database(store, live);
  begin_from_backup(options, replayed);
  std::int64_t records = 0;
  {
    sqlite::Database db{live, sqlite::OpenMode::read_only};
    if (storage::holds_sealed_ids(db)) {
      throw std::runtime_error{name + " has customers' ids sealed: it cannot be decided again without their keys"};
    }
    StoreReplay replay{scratch.folder("replayed"), place_of(db), handling};
    records = Topics{options, replay, next_offsets(db)}.run(replay, console);
  }
  const auto found = compare_stores(live, replayed);
  json ? print_json(options.shard, records, found, console) : print(options.shard, records, found, console);
  return found.equal() ? 0 : 1;
}

}  // namespace orderly::cli
