#include "storage/sealing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>

namespace orderly::storage {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void require(bool done) {
  if (!done) throw std::runtime_error{"nothing can be sealed: OpenSSL failed"};
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Cipher new_cipher() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  require(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

std::string hmac(std::string_view key, std::string_view text) {
  std::string hash(key_bytes, '\0');
  unsigned int size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), bytes_of(hash),
               &size) != nullptr);
  return hash;
}

std::string seal(std::string_view key, std::string_view nonce, std::string_view text) {
  const Cipher cipher = new_cipher();
  std::string out(text.size() + tag_bytes, '\0');
  int written = 0, last = 0;
  require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1);
  require(EVP_EncryptUpdate(cipher.get(), bytes_of(out), &written, bytes_of(text), static_cast<int>(text.size())) == 1);
  require(EVP_EncryptFinal_ex(cipher.get(), bytes_of(out) + written, &last) == 1);
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, bytes_of(out) + text.size()) == 1);
  return out;
}

std::optional<std::string> open_sealed(std::string_view key, std::string_view nonce, std::string_view sealed) {
  if (sealed.size() < tag_bytes) return std::nullopt;
  const Cipher cipher = new_cipher();
  std::string text(sealed.size() - tag_bytes, '\0');
  std::string tag{sealed.substr(text.size())};
  int written = 0, last = 0;
  require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1);
  require(EVP_DecryptUpdate(cipher.get(), bytes_of(text), &written, bytes_of(sealed), static_cast<int>(text.size())) ==
          1);
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(text) + written, &last) != 1) return std::nullopt;
  return text;
}

}  // namespace orderly::storage
