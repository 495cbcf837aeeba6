#include "storage/outbox_seal.h"

#include <algorithm>
#include <stdexcept>

#include "storage/sealing.h"

namespace orderly::storage {
namespace {

constexpr std::size_t number_bytes = 8;

std::string encode(std::int64_t number) {
  std::string bytes(number_bytes, '\0');
  for (std::size_t i = 0; i < number_bytes; ++i) bytes[i] = static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

std::int64_t number_of(std::string_view sealed) {
  if (sealed.size() < number_bytes + nonce_bytes) throw std::runtime_error{"outbox messages that are not sealed"};
  std::int64_t number = 0;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    number |= static_cast<std::int64_t>(static_cast<unsigned char>(sealed[i])) << (8 * i);
  }
  return number;
}

const sqlite::Database& with_table(sqlite::Database& keys) {
  keys.execute(
      "CREATE TABLE IF NOT EXISTS outbox_key("
      "  id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, key BLOB NOT NULL)");
  return keys;
}

}  // namespace

OutboxSeal::OutboxSeal(sqlite::Database& keys)
    : update_(with_table(keys), "REPLACE INTO outbox_key VALUES (1, ?1, ?2)") {
  sqlite::Statement key{keys, "SELECT number, key FROM outbox_key"};
  if (key.step()) {
    oldest_ = {key.integer(0), std::string{key.blob(1)}};
  } else {
    oldest_ = {1, random_bytes(key_bytes)};
    update_.run(oldest_.number, sqlite::as_blob(oldest_.bytes));
  }
  last_used_ = oldest_;
  next_ = oldest_.number;
}

void OutboxSeal::Key::advance_to(std::int64_t later) {
  for (; number < later; ++number) bytes = hmac(bytes, "next");
}

std::string OutboxSeal::key_of(std::int64_t number) {
  if (number < last_used_.number) last_used_ = oldest_;
  last_used_.advance_to(number);
  return hmac(last_used_.bytes, "seal");
}

void OutboxSeal::waits(Lane lane, std::int64_t end, std::string_view sealed) {
  const auto number = number_of(sealed);
  if (number < oldest_.number) return;
  waiting_[{number, lane}] = end;
  next_ = std::max(next_, number + 1);
}

// A number may come again after a crash, with another text: so the nonce is random.
std::string OutboxSeal::seal(Lane lane, std::int64_t end, std::string_view messages) {
  sealed_now_[{next_, lane}] = end;
  const auto nonce = random_bytes(nonce_bytes);
  return encode(next_) + nonce + storage::seal(key_of(next_), nonce, messages);
}

std::optional<std::string> OutboxSeal::open(std::string_view sealed) {
  const auto number = number_of(sealed);
  if (number < oldest_.number) return std::nullopt;
  auto messages = open_sealed(key_of(number), sealed.substr(number_bytes, nonce_bytes),
                              sealed.substr(number_bytes + nonce_bytes));
  if (!messages) throw std::runtime_error{"outbox messages cannot be opened: they are sealed with another key"};
  return messages;
}

void OutboxSeal::committed(const std::array<std::int64_t, topics::lanes.size()>& published) {
  if (!sealed_now_.empty()) ++next_;
  waiting_.merge(sealed_now_);
  sealed_now_.clear();
  std::erase_if(waiting_, [&](const auto& one) { return one.second <= published[one.first.second]; });
  const auto needed = waiting_.empty() ? next_ : waiting_.begin()->first.first;
  if (needed == oldest_.number) return;
  oldest_.advance_to(needed);
  update_.run(oldest_.number, sqlite::as_blob(oldest_.bytes));
}

}  // namespace orderly::storage
