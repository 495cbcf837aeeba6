// The databases of the services' data directories, as far as a backup needs them. Threads: any.
// Failures: std::invalid_argument when a directory holds none; sqlite::Error.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/backup_manifest.h"

namespace orderly::cli {

struct LiveFile {
  std::filesystem::path from;
  BackupFile file;  // kind and path alone
};

// Every shard's store and the notifications' checkpoints.
std::vector<LiveFile> write_service_files(const std::filesystem::path& data);

// Of each view the file that is served.
std::vector<LiveFile> read_service_files(const std::filesystem::path& data);

// Whether there is anything of a service's in its data directory.
bool holds_databases(const std::filesystem::path& folder);

}  // namespace orderly::cli
