#include "cli/backup_files.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "common/sqlite/database.h"

namespace orderly::cli {
namespace {

constexpr const char* views_folder = "views";

std::vector<std::filesystem::path> databases_in(const std::filesystem::path& folder, const char* option) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
    if (entry.path().extension() == ".db") files.push_back(entry.path());
  }
  if (error) throw std::invalid_argument{std::string{option} + ": " + folder.string() + ": " + error.message()};
  std::ranges::sort(files);
  return files;
}

// The higher, the later it was put in service; 0: it is still being filled, or no view at all.
std::int64_t rank_of(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_only};
  if (db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'store'") == 0) return 0;
  return db.query_integer("SELECT complete FROM store");
}

}  // namespace

std::vector<LiveFile> write_service_files(const std::filesystem::path& data) {
  std::vector<LiveFile> files;
  for (const auto& from : databases_in(data, "--data")) {
    const auto name = from.filename().string();
    const bool shard = name.starts_with("shard-");
    if (!shard && !name.starts_with("subscription-")) continue;
    const std::string path = std::string{write_folder} + '/' + name;
    files.push_back({from, {.kind = shard ? BackupKind::shard : BackupKind::subscription, .path = path}});
  }
  if (std::ranges::none_of(files, [](const auto& one) { return one.file.kind == BackupKind::shard; })) {
    throw std::invalid_argument{"--data: " + data.string() + " holds no store of a write service"};
  }
  return files;
}

std::vector<LiveFile> read_service_files(const std::filesystem::path& data) {
  struct Served {
    std::int64_t rank = 0;
    std::filesystem::path from;
  };
  std::map<std::string, Served> views;
  for (const auto& from : databases_in(data / views_folder, "--read-data")) {
    const auto name = from.stem().stem().string();  // <view>.<generation>.db
    const auto rank = rank_of(from);
    auto& served = views[name];
    // Of one rank the newer: its number is higher, and where it has more digits its name is longer.
    const bool newer = rank == served.rank && from.native().size() >= served.from.native().size();
    if (rank > 0 && (rank > served.rank || newer)) served = {rank, from};
  }
  std::vector<LiveFile> files;
  for (const auto& [name, served] : views) {
    if (served.rank == 0) continue;
    const auto path = std::filesystem::path{read_folder} / views_folder / served.from.filename();
    files.push_back({served.from, {.kind = BackupKind::view, .path = path.string()}});
  }
  if (files.empty()) throw std::invalid_argument{"--read-data: " + data.string() + " holds no finished view"};
  return files;
}

bool holds_databases(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder) && !databases_in(folder, "").empty();
}

}  // namespace orderly::cli
