// The file of one shard's store: which shard it is of, its schema's version, whether its customers' ids are sealed.
// Threads: any. Failures: StoreMismatch for a store that is not meant here, sqlite::Error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "common/sqlite/database.h"

namespace orderly::storage {

// The store belongs to another shard or partition count, or was written by a newer program: nothing to retry.
class StoreMismatch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ShardPlace {
  std::int32_t shard = 0;       // the partition of every command topic
  std::int32_t partitions = 1;  // of every topic
};

struct OpenStoreOptions {
  bool check_first = false;    // reads the whole file before anything else
  bool secure_delete = false;  // what is deleted is overwritten
};

// Opens or makes DIRECTORY/shard-N.db with the tables of this version.
sqlite::Database open_store(const std::filesystem::path& directory, ShardPlace place, const OpenStoreOptions& options);

// A new store becomes this shard's, sealed by these keys (no name: not sealed); any other one must be so already.
void claim_store(sqlite::Database& db, ShardPlace place, const std::string& keys_name);

}  // namespace orderly::storage
