// What a backup holds and how each file must look, as manifest.json beside the files. Threads: any.
// Failures: read_manifest throws std::runtime_error that says what is wrong with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/kafka/message.h"

namespace orderly::cli {

enum class BackupKind { shard, subscription, view };

// How far one lane of a shard's store was.
struct BackupLane {
  std::string topic;
  std::int64_t next_offset = 0, next_position = 0, next_sequence = 0, published = 0;
  bool operator==(const BackupLane&) const = default;
};

struct BackupFile {
  BackupKind kind = BackupKind::shard;
  std::string path;  // within the backup, and within the data directory that it is of
  std::int64_t bytes = 0;
  std::string sha256 = {};
  std::int32_t shard = -1, partitions = 0;         // of a shard's store
  std::int64_t events = 0;                         // likewise
  std::vector<BackupLane> lanes = {};              // likewise
  std::vector<kafka::Position> next_offsets = {};  // of a view or a subscription
};

struct Manifest {
  std::string taken_at;  // RFC 3339
  std::vector<BackupFile> files;
};

inline constexpr const char* manifest_name = "manifest.json";
// Where the files of each kind lie, in a backup as in the services' data directories.
inline constexpr const char* write_folder = "write";
inline constexpr const char* read_folder = "read";

std::string to_json(const Manifest& manifest);
Manifest read_manifest(const std::filesystem::path& backup);

// Lower-case hex. Throws std::runtime_error when the file cannot be read.
std::string sha256_of(const std::filesystem::path& file);

}  // namespace orderly::cli
