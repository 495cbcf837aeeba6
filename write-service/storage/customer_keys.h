// The keys of a shard's customers, in a file of their own beside no other data: a customer's sealed id is his id,
// encrypted with a key that stands here and nowhere else. Once the key is destroyed, nobody can tell whom a sealed id
// means, wherever it was written down, and the same customer gets another one.
// Threads: the shard's. Failures: sqlite::Error; a library that cannot encrypt throws std::runtime_error.
//
//   sealed id := "sealed-" base64url(AES-256-GCM(key, nonce 0, customer id) tag)
//
// A key encrypts one text alone, its customer's id, so a constant nonce gives nothing away, and the same key gives the
// same sealed id again. The file knows a customer by a keyed hash of his id: it holds no id in the clear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/sqlite/database.h"

namespace orderly::storage {

class CustomerKeys {
 public:
  // A sealed id is longer than the id, and must be an id itself.
  static constexpr std::size_t most_id_bytes = 53;

  // Opens or makes DIRECTORY/customer-keys-SHARD.db, readable by its owner alone.
  CustomerKeys(const std::filesystem::path& directory, std::int32_t shard);

  // A new customer's key is on the disk before this returns. Throws std::invalid_argument for an id that is too long.
  std::string seal(std::string_view customer_id);
  std::optional<std::string> find(std::string_view customer_id);  // sealed, if he has a key
  std::optional<std::string> open(std::string_view sealed_id);    // while its key exists

  // The key counts as gone at once, and is destroyed by committed(): for good, without a trace in the file. What has
  // none is passed over.
  void forget(const std::string& sealed_id) { forgetting_.insert(sealed_id); }
  const std::set<std::string, std::less<>>& forgetting() const { return forgetting_; }
  void committed();
  void rolled_back() { forgetting_.clear(); }

 private:
  std::string hash_of(std::string_view customer_id) const;

  sqlite::Database db_;
  std::string hash_key_;
  sqlite::Statement select_, select_key_, insert_, delete_;
  std::set<std::string, std::less<>> forgetting_;
};

}  // namespace orderly::storage
