#include "storage/customer_keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "domain/customer.h"

namespace orderly::storage {
namespace {

constexpr std::size_t key_bytes = 32, tag_bytes = 16;
constexpr std::array<unsigned char, 12> nonce{};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void require(bool done) {
  if (!done) throw std::runtime_error{"a customer's id cannot be sealed: OpenSSL failed"};
}

std::string random_key() {
  std::string key(key_bytes, '\0');
  require(RAND_bytes(bytes_of(key), static_cast<int>(key.size())) == 1);
  return key;
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

std::string encrypt(const std::string& key, std::string_view text) {
  const Cipher cipher{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  std::string out(text.size() + tag_bytes, '\0');
  int written = 0, last = 0;
  require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce.data()) == 1);
  require(EVP_EncryptUpdate(cipher.get(), bytes_of(out), &written, bytes_of(text), static_cast<int>(text.size())) == 1);
  require(EVP_EncryptFinal_ex(cipher.get(), bytes_of(out) + written, &last) == 1);
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, bytes_of(out) + text.size()) == 1);
  return out;
}

// Nothing where the key is not the one that it was encrypted with.
std::optional<std::string> decrypt(const std::string& key, std::string sealed) {
  if (sealed.size() < tag_bytes) return std::nullopt;
  const Cipher cipher{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  std::string text(sealed.size() - tag_bytes, '\0');
  int written = 0, last = 0;
  require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce.data()) == 1);
  require(EVP_DecryptUpdate(cipher.get(), bytes_of(text), &written, bytes_of(sealed), static_cast<int>(text.size())) ==
          1);
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, bytes_of(sealed) + text.size()) == 1);
  if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(text) + written, &last) != 1) return std::nullopt;
  return text;
}

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text.push_back(digits[bits >> (count - 6) & 63]);
  }
  if (count > 0) text.push_back(digits[bits << (6 - count) & 63]);
  return text;
}

std::string from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : text) {
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(digit) & 63);
    if ((count += 6) < 8) continue;
    bytes.push_back(static_cast<char>(bits >> (count - 8) & 255));
    count -= 8;
  }
  return bytes;
}

sqlite::Database open_file(const std::filesystem::path& directory, std::int32_t shard) {
  std::filesystem::create_directories(directory);
  const auto file = directory / ("customer-keys-" + std::to_string(shard) + ".db");
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // No log beside the file, and what is deleted is overwritten: a key that is gone is gone.
  db.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  db.execute(
      "CREATE TABLE IF NOT EXISTS hash_key(id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL);"
      "CREATE TABLE IF NOT EXISTS keys("
      "  number INTEGER PRIMARY KEY, customer BLOB NOT NULL, sealed TEXT NOT NULL UNIQUE, key BLOB NOT NULL);"
      "CREATE INDEX IF NOT EXISTS keys_by_customer ON keys(customer)");
  const auto key = random_key();
  sqlite::Statement{db, "INSERT OR IGNORE INTO hash_key VALUES (1, ?1)"}.run(sqlite::as_blob(key));
  return db;
}

std::string hash_key_of(const sqlite::Database& db) {
  sqlite::Statement key{db, "SELECT key FROM hash_key"};
  require(key.step());
  return std::string{key.blob(0)};
}

}  // namespace

CustomerKeys::CustomerKeys(const std::filesystem::path& directory, std::int32_t shard)
    : db_(open_file(directory, shard)),
      hash_key_(hash_key_of(db_)),
      select_(db_, "SELECT sealed FROM keys WHERE customer = ?1 ORDER BY number"),
      select_key_(db_, "SELECT key FROM keys WHERE sealed = ?1"),
      insert_(db_, "INSERT INTO keys(customer, sealed, key) VALUES (?1, ?2, ?3)"),
      delete_(db_, "DELETE FROM keys WHERE sealed = ?1") {}

std::string CustomerKeys::seal(std::string_view customer_id) {
  if (customer_id.size() > most_id_bytes) throw std::invalid_argument{"a customer's id is too long to be sealed"};
  if (auto known = find(customer_id)) return *std::move(known);
  const auto key = random_key();
  const auto hash = hash_of(customer_id);
  const auto sealed = std::string{domain::sealed_prefix} + to_base64url(encrypt(key, customer_id));
  insert_.run(sqlite::as_blob(hash), sealed, sqlite::as_blob(key));
  return sealed;
}

std::optional<std::string> CustomerKeys::find(std::string_view customer_id) {
  const auto hash = hash_of(customer_id);
  std::optional<std::string> sealed;
  select_.bind(sqlite::as_blob(hash));
  while (!sealed && select_.step()) {
    if (!forgetting_.contains(select_.text(0))) sealed = select_.text(0);
  }
  select_.reset();
  return sealed;
}

std::optional<std::string> CustomerKeys::open(std::string_view sealed_id) {
  if (!domain::is_sealed(sealed_id)) return std::nullopt;
  std::optional<std::string> id;
  if (select_key_.bind(sealed_id).step()) {
    id = decrypt(std::string{select_key_.blob(0)}, from_base64url(sealed_id.substr(domain::sealed_prefix.size())));
  }
  select_key_.reset();
  return id;
}

void CustomerKeys::committed() {
  if (forgetting_.empty()) return;
  sqlite::Transaction transaction{db_};
  for (const auto& sealed : forgetting_) delete_.run(sealed);
  transaction.commit();
  forgetting_.clear();
}

std::string CustomerKeys::hash_of(std::string_view customer_id) const {
  std::string hash(key_bytes, '\0');
  unsigned int size = 0;
  require(HMAC(EVP_sha256(), hash_key_.data(), static_cast<int>(hash_key_.size()), bytes_of(customer_id),
               customer_id.size(), bytes_of(hash), &size) != nullptr);
  return hash;
}

}  // namespace orderly::storage
