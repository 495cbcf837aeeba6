#include <fstream>
#include <ostream>

#include "cli/backup_check.h"
#include "cli/backup_files.h"
#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/clock/rfc3339.h"
#include "common/sqlite/backup.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  std::string data, to, read_data;
};

// A directory that goes again unless it is kept: what is half done must not look like a backup.
class Unfinished {
 public:
  explicit Unfinished(std::filesystem::path path) : path_(std::move(path)) {
    if (!std::filesystem::create_directories(path_)) throw std::runtime_error{path_.string() + " is there already"};
  }
  ~Unfinished() {
    std::error_code ignored;  // there is nothing more to be done about it
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void keep_as(const std::filesystem::path& name) {
    std::filesystem::rename(path_, name);
    path_.clear();
    sync_to_disk(name);
  }

 private:
  static void sync_to_disk(const std::filesystem::path& path) { sqlite::sync_to_disk(path); }
  std::filesystem::path path_;
};

void copy(LiveFile& live, const std::filesystem::path& into, Console& console) {
  const auto copy = into / live.file.path;
  std::filesystem::create_directories(copy.parent_path());
  sqlite::copy_database(live.from, copy, [&](std::int64_t done, std::int64_t all) {
    if (!console.err_is_terminal()) return;
    console.err << '\r' << live.file.path << "  " << grouped(done >> 20) << " of " << grouped(all >> 20) << " MiB\x1b[K"
                << std::flush;
  });
  if (console.err_is_terminal()) console.err << "\r\x1b[K" << std::flush;
  sqlite::sync_to_disk(copy);
  check_and_describe(copy, live.file);
}

void write_manifest(const Manifest& manifest, const std::filesystem::path& folder) {
  const auto file = folder / manifest_name;
  std::ofstream stream{file, std::ios::binary};
  stream << to_json(manifest) << '\n';
  stream.close();
  if (!stream) throw std::runtime_error{file.string() + " cannot be written"};
  sqlite::sync_to_disk(file);
}

void print(const Manifest& manifest, const std::filesystem::path& to, const Console& console) {
  Table table{{{.name = "file"},
               {.name = "bytes", .align = Align::right},
               {.name = "events", .align = Align::right},
               {.name = "next offsets"}}};
  for (const auto& file : manifest.files) {
    std::vector<std::string> next;
    for (const auto& lane : file.lanes) {
      if (lane.next_offset >= 0) next.push_back(lane.topic + ' ' + grouped(lane.next_offset));
    }
    for (const auto& at : file.next_offsets) {
      next.push_back(at.topic + '/' + std::to_string(at.partition) + ' ' + grouped(at.offset));
    }
    table.add({file.path,
               grouped(file.bytes),
               file.kind == BackupKind::shard ? grouped(file.events) : "",
               {joined(next, ", "), Colour::dim}});
  }
  table.print(console);
  console.out << to.string() << ": " << manifest.files.size() << " files as of " << manifest.taken_at << ", checked\n";
}

}  // namespace

int backup(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program,
                         "copies the stores of a write service, and the views of a read service, while they run;\n"
                         "every copy is one consistent state, checked before the backup gets its name\n\n"
                         "usage: orderly backup --data DIR --to DIR [--read-data DIR]"};
  parser.add()("data", po::value(&options.data)->required()->value_name("DIR"), "the write service's data directory")(
      "to", po::value(&options.to)->required()->value_name("DIR"), "where the backup is made; must not be there yet")(
      "read-data", po::value(&options.read_data)->value_name("DIR"), "the read service's data directory");
  if (!parse(parser, invocation)) return 0;

  auto to = std::filesystem::absolute(options.to).lexically_normal();
  if (!to.has_filename()) to = to.parent_path();
  if (std::filesystem::exists(to)) throw std::runtime_error{to.string() + " is there already"};
  auto files = write_service_files(options.data);
  if (!options.read_data.empty()) {
    for (auto& view : read_service_files(options.read_data)) files.push_back(std::move(view));
  }
  Unfinished unfinished{to.string() + ".unfinished"};
  Manifest manifest{to_rfc3339(SystemClock{}.now()), {}};
  for (auto& live : files) {
    copy(live, unfinished.path(), invocation.console);
    manifest.files.push_back(std::move(live.file));
  }
  write_manifest(manifest, unfinished.path());
  unfinished.keep_as(to);
  print(manifest, to, invocation.console);
  return 0;
}

}  // namespace orderly::cli
