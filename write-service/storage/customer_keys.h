// The keys of a shard's customers, in a file apart from all other data: a customer's sealed id is his id, encrypted
// with a key that stands here and nowhere else. Once the key is destroyed, nobody can tell whom a sealed id means,
// wherever it was written down, and the same customer gets another one.
// Threads: the shard's. Failures: sqlite::Error; a library that cannot encrypt throws std::runtime_error.
//
//   sealed id := "sealed-" base64url(AES-256-GCM(key, nonce 0, customer id) tag)
//
// A key encrypts one text alone, its customer's id, so a constant nonce gives nothing away, and the same key gives
// the same sealed id again. The file knows a customer by a keyed hash of his id: it holds no id in the clear. The
// hash of one who was forgotten stays for as long as his commands do in their topic: a restored store that decides
// them again must come to the same sealed id, or its messages were numbered otherwise than those that are out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/sqlite/database.h"
#include "storage/outbox_seal.h"

namespace orderly::storage {

// Of a ForgetCustomer: what it says of the customer holds for records behind it.
struct ForgottenAt {
  std::int64_t offset = 0, time_ms = 0;
};

class CustomerKeys {
 public:
  using Forgetting = std::map<std::string, ForgottenAt, std::less<>>;  // by sealed id

  // A sealed id is longer than the id, and must be an id itself.
  static constexpr std::size_t most_id_bytes = 53;
  // Commands stay 14 days in their topics (topics.h), and a little until the broker gets to it.
  static constexpr std::int64_t hash_kept_ms = std::int64_t{15} * 24 * 60 * 60 * 1000;

  // Opens or makes DIRECTORY/customer-keys-SHARD.db, readable by its owner alone.
  CustomerKeys(const std::filesystem::path& directory, std::int32_t shard);

  const std::string& name() const { return name_; }  // of this file's keys, the same for ever
  OutboxSeal& outbox_seal() { return outbox_seal_; }

  // `offset`: of the record that names him. Throws std::invalid_argument for an id that is too long.
  std::string seal(std::string_view customer_id, std::int64_t offset);
  std::optional<std::string> find(std::string_view customer_id, std::int64_t offset);  // sealed, if he has a key
  std::optional<std::string> open(std::string_view sealed_id);                         // while its key exists

  // The key counts as gone at once for records behind `at`, and is destroyed by committed(): for good, without a trace
  // in the file. What has none is passed over.
  void forget(const std::string& sealed_id, ForgottenAt at) { forgetting_.emplace(sealed_id, at); }
  const Forgetting& forgetting() const { return forgetting_; }

  // Before the store's commit: new customers' keys are on the disk. After it: what is forgotten goes, `now_ms` being
  // the time of the newest record.
  void write();
  void committed(std::int64_t now_ms);
  void rolled_back();

 private:
  void drop_old_hashes(std::int64_t now_ms);

  sqlite::Database db_;
  const std::string hash_key_, name_;
  OutboxSeal outbox_seal_;
  sqlite::Statement select_, select_key_, insert_, destroy_, oldest_, drop_;
  std::optional<sqlite::Transaction> new_keys_;  // since the last commit
  std::optional<std::int64_t> oldest_forgotten_ms_;
  Forgetting forgetting_;
};

// Of a shard's store, of any version.
bool holds_sealed_ids(sqlite::Database& store);

}  // namespace orderly::storage
