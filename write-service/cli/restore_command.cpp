#include <memory>
#include <ostream>
#include <set>

#include "cli/backup_files.h"
#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/text.h"
#include "common/file_lock/file_lock.h"
#include "common/sqlite/backup.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  std::string from, data, read_data;
};

struct Copy {
  std::filesystem::path from, to;
  const BackupFile* file = nullptr;
  std::filesystem::path unfinished() const { return to.string() + ".unfinished"; }
};

using Locks = std::vector<std::unique_ptr<FileLock>>;

std::vector<Copy> copies_of(const Manifest& manifest, const Options& options) {
  std::vector<Copy> copies;
  for (const auto& file : manifest.files) {
    const auto& target = file.kind == BackupKind::view ? options.read_data : options.data;
    if (target.empty()) continue;
    const std::filesystem::path path{file.path};
    const auto within = path.lexically_relative(*path.begin());
    copies.push_back({std::filesystem::path{options.from} / path, std::filesystem::path{target} / within, &file});
  }
  if (copies.empty()) throw std::runtime_error{options.from + " holds nothing of what is to be restored"};
  return copies;
}

// Nobody may begin to work in there before all of it is there.
Locks lock_all(const std::vector<Copy>& copies, const Options& options) {
  Locks locks;
  bool views = false;
  for (const auto& copy : copies) {
    const auto folder = copy.to.parent_path();
    if (holds_databases(folder)) throw std::runtime_error{folder.string() + " holds a store already; it is left alone"};
    if (copy.file->kind == BackupKind::shard) {
      const auto name = "shard-" + std::to_string(copy.file->shard) + ".lock";
      locks.push_back(std::make_unique<FileLock>(folder / name));
    }
    views = views || copy.file->kind == BackupKind::view;
  }
  if (views) {
    locks.push_back(std::make_unique<FileLock>(std::filesystem::path{options.read_data} / "read-service.lock"));
  }
  return locks;
}

void check(const std::filesystem::path& copy, const BackupFile& file) {
  if (static_cast<std::int64_t>(std::filesystem::file_size(copy)) != file.bytes || sha256_of(copy) != file.sha256) {
    throw std::runtime_error{"the backup is damaged: " + file.path + " is not as manifest.json says"};
  }
}

void put_in_place(const std::vector<Copy>& copies) try {
  for (const auto& copy : copies) {
    std::filesystem::create_directories(copy.to.parent_path());
    std::filesystem::copy_file(copy.from, copy.unfinished());
    check(copy.unfinished(), *copy.file);
    sqlite::sync_to_disk(copy.unfinished());
  }
  for (const auto& copy : copies) {
    std::filesystem::rename(copy.unfinished(), copy.to);
    sqlite::sync_to_disk(copy.to);
  }
} catch (...) {
  for (const auto& copy : copies) {
    std::filesystem::remove(copy.unfinished());
    std::filesystem::remove(copy.to);
  }
  throw;
}

void print(const Manifest& manifest, const std::vector<Copy>& copies, const Console& console) {
  std::set<std::int32_t> shards;
  std::int32_t partitions = 0;
  for (const auto& copy : copies) {
    if (copy.file->kind != BackupKind::shard) continue;
    shards.insert(copy.file->shard);
    partitions = copy.file->partitions;
  }
  for (const auto& copy : copies) console.out << copy.to.string() << "  " << grouped(copy.file->bytes) << " bytes\n";
  console.out << copies.size() << " files as of " << manifest.taken_at;
  if (!shards.empty()) {
    console.out << ", " << shards.size() << " of " << partitions
                << " shards; started with the options it had, the write service does the commands since then again";
  }
  console.out << '\n';
}

}  // namespace

int restore(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program,
                         "puts a backup's files where services that are stopped will find them; a directory that holds "
                         "a store is left alone\n\n"
                         "usage: orderly restore --from DIR [--data DIR] [--read-data DIR]"};
  parser.add()("from", po::value(&options.from)->required()->value_name("DIR"), "what orderly backup made")(
      "data", po::value(&options.data)->value_name("DIR"), "the write service's data directory to be")(
      "read-data", po::value(&options.read_data)->value_name("DIR"), "the read service's");
  if (!parse(parser, invocation)) return 0;
  if (options.data.empty() && options.read_data.empty()) throw options::OptionError{"--data or --read-data wanted"};

  const auto manifest = read_manifest(options.from);
  const auto copies = copies_of(manifest, options);
  const auto locks = lock_all(copies, options);
  put_in_place(copies);
  print(manifest, copies, invocation.console);
  return 0;
}

}  // namespace orderly::cli
