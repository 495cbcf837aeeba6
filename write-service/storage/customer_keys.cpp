#include "storage/customer_keys.h"

#include <stdexcept>

#include "common/security/base64url.h"
#include "domain/customer.h"
#include "storage/sealing.h"

namespace orderly::storage {
namespace {

const std::string zero_nonce(nonce_bytes, '\0');

sqlite::Database open_file(const std::filesystem::path& directory, std::int32_t shard) {
  std::filesystem::create_directories(directory);
  const auto file = directory / ("customer-keys-" + std::to_string(shard) + ".db");
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // No log beside the file, and what is deleted is overwritten: a key that is gone is gone.
  if (db.query_text("PRAGMA journal_mode = DELETE") != "delete") {
    throw std::runtime_error{file.string() + " is in use by another program"};
  }
  db.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  // Without a key: he was forgotten, by the record at that offset.
  db.execute(
      "CREATE TABLE IF NOT EXISTS hash_key(id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL);"
      "CREATE TABLE IF NOT EXISTS keys("
      "  number INTEGER PRIMARY KEY, customer BLOB NOT NULL, sealed TEXT NOT NULL UNIQUE,"
      "  key BLOB, forgotten_at INTEGER, forgotten_ms INTEGER);"
      "CREATE INDEX IF NOT EXISTS keys_by_customer ON keys(customer);"
      "CREATE INDEX IF NOT EXISTS keys_by_time ON keys(forgotten_ms) WHERE forgotten_ms IS NOT NULL");
  const auto key = random_bytes(key_bytes);
  sqlite::Statement{db, "INSERT OR IGNORE INTO hash_key VALUES (1, ?1)"}.run(sqlite::as_blob(key));
  return db;
}

std::string hash_key_of(const sqlite::Database& db) {
  sqlite::Statement key{db, "SELECT key FROM hash_key"};
  if (!key.step()) throw std::logic_error{"a file of customers' keys without a hash key"};
  return std::string{key.blob(0)};
}

}  // namespace

CustomerKeys::CustomerKeys(const std::filesystem::path& directory, std::int32_t shard)
    : db_(open_file(directory, shard)),
      hash_key_(hash_key_of(db_)),
      name_(security::base64url_encode(hmac(hash_key_, "the name of these keys").substr(0, 12))),
      outbox_seal_(db_),
      select_(db_,
              "SELECT sealed FROM keys WHERE customer = ?1 AND (forgotten_at IS NULL OR forgotten_at >= ?2) "
              "ORDER BY number"),
      select_key_(db_, "SELECT key FROM keys WHERE sealed = ?1 AND key IS NOT NULL"),
      insert_(db_, "INSERT INTO keys(customer, sealed, key) VALUES (?1, ?2, ?3)"),
      destroy_(db_,
               "UPDATE keys SET key = NULL, forgotten_at = ?2, forgotten_ms = ?3 "
               "WHERE sealed = ?1 AND key IS NOT NULL"),
      oldest_(db_, "SELECT min(forgotten_ms) FROM keys WHERE forgotten_ms IS NOT NULL"),
      drop_(db_, "DELETE FROM keys WHERE forgotten_ms < ?1") {
  drop_old_hashes(0);
}

std::string CustomerKeys::seal(std::string_view customer_id, std::int64_t offset) {
  if (customer_id.size() > most_id_bytes) throw std::invalid_argument{"a customer's id is too long to be sealed"};
  if (auto known = find(customer_id, offset)) return *std::move(known);
  if (!new_keys_) new_keys_.emplace(db_);
  const auto key = random_bytes(key_bytes);
  const auto hash = hmac(hash_key_, customer_id);
  const auto sealed =
      std::string{domain::sealed_prefix} + security::base64url_encode(storage::seal(key, zero_nonce, customer_id));
  insert_.run(sqlite::as_blob(hash), sealed, sqlite::as_blob(key));
  return sealed;
}

std::optional<std::string> CustomerKeys::find(std::string_view customer_id, std::int64_t offset) {
  const auto hash = hmac(hash_key_, customer_id);
  std::optional<std::string> sealed;
  select_.bind(sqlite::as_blob(hash), offset);
  while (!sealed && select_.step()) {
    const auto going = forgetting_.find(select_.text(0));
    if (going == forgetting_.end() || going->second.offset >= offset) sealed = select_.text(0);
  }
  select_.reset();
  return sealed;
}

std::optional<std::string> CustomerKeys::open(std::string_view sealed_id) {
  if (!domain::is_sealed(sealed_id)) return std::nullopt;
  std::optional<std::string> id;
  if (select_key_.bind(sealed_id).step()) {
    const auto sealed = security::base64url_decode(sealed_id.substr(domain::sealed_prefix.size()));
    if (sealed) id = open_sealed(select_key_.blob(0), zero_nonce, *sealed);
  }
  select_key_.reset();
  return id;
}

void CustomerKeys::write() {
  if (new_keys_) new_keys_->commit();
  new_keys_.reset();
}

void CustomerKeys::committed(std::int64_t now_ms) {
  if (!forgetting_.empty()) {
    sqlite::Transaction transaction{db_};
    for (const auto& [sealed, at] : forgetting_) destroy_.run(sealed, at.offset, at.time_ms);
    transaction.commit();
    forgetting_.clear();
    drop_old_hashes(now_ms);
  } else if (oldest_forgotten_ms_ && *oldest_forgotten_ms_ < now_ms - hash_kept_ms) {
    drop_old_hashes(now_ms);
  }
}

void CustomerKeys::rolled_back() {
  new_keys_.reset();
  forgetting_.clear();
}

void CustomerKeys::drop_old_hashes(std::int64_t now_ms) {
  drop_.run(now_ms - hash_kept_ms);
  oldest_forgotten_ms_.reset();
  if (oldest_.step() && !oldest_.is_null(0)) oldest_forgotten_ms_ = oldest_.integer(0);
  oldest_.reset();
}

bool holds_sealed_ids(sqlite::Database& store) {
  const auto known = store.query_integer("SELECT count(*) FROM pragma_table_info('shard') WHERE name = 'sealed'");
  return known > 0 && store.query_integer("SELECT count(*) FROM shard WHERE sealed <> ''") > 0;
}

}  // namespace orderly::storage
