// A copy of a database that others go on writing: one consistent state, made by SQLite's own backup, which holds up
// neither writers nor readers. The copy is one closed file without a log beside it, and is not on the disk for certain
// before sync_to_disk(). Threads: any, each call by itself. Failures: sqlite::Error, and no file is left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace orderly::sqlite {

// `progress` is told after every few megabytes; what it throws ends the copying.
using CopyProgress = std::function<void(std::int64_t done_bytes, std::int64_t all_bytes)>;

// `to` must not be there.
void copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                   const CopyProgress& progress = nullptr);

// The file, and that its directory knows it. Throws std::system_error.
void sync_to_disk(const std::filesystem::path& file);

}  // namespace orderly::sqlite
