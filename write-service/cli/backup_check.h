// Whether a copied database holds together: SQLite's own check, and for a shard's store what the service relies on.
// Threads: any, each call by itself. Failures: std::runtime_error with the first thing that is wrong; sqlite::Error.
#pragma once

#include <filesystem>

#include "cli/backup_manifest.h"

namespace orderly::cli {

// Checks the copy by its kind, and fills in what the manifest says of it: size, digest, how far it is.
void check_and_describe(const std::filesystem::path& copy, BackupFile& file);

}  // namespace orderly::cli
