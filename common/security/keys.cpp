#include "common/security/keys.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

namespace orderly::security {
namespace {

constexpr int least_rsa_bits = 2048;
constexpr std::size_t least_secret_bytes = 32, p256_number_bytes = 32;

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Free>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Free>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string hmac(const std::string& secret, std::string_view data) {
  std::string digest(32, '\0');
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(data), data.size(), bytes_of(digest),
           &size) == nullptr) {
    throw std::runtime_error{"OpenSSL cannot make an HMAC"};
  }
  return digest;
}

// The two numbers of a JWS to what OpenSSL takes; empty when there are not two.
std::string to_der(std::string_view numbers) {
  if (numbers.size() != 2 * p256_number_bytes) return {};
  const EcSignature signature{ECDSA_SIG_new()};
  const auto number = [&](std::size_t at) {
    return BN_bin2bn(bytes_of(numbers) + at, static_cast<int>(p256_number_bytes), nullptr);
  };
  if (!signature || ECDSA_SIG_set0(signature.get(), number(0), number(p256_number_bytes)) != 1) return {};
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string text{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return text;
}

std::string from_der(std::string_view der) {
  const auto* at = bytes_of(der);
  const EcSignature signature{d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()))};
  if (!signature) throw std::runtime_error{"OpenSSL made no signature"};
  std::string numbers(2 * p256_number_bytes, '\0');
  constexpr int size = static_cast<int>(p256_number_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes_of(numbers), size);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes_of(numbers) + p256_number_bytes, size);
  return numbers;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  static constexpr std::array<std::string_view, 3> names{"RS256", "ES256", "HS256"};
  return names.at(static_cast<std::size_t>(algorithm));
}

Key::Key(std::string id, std::shared_ptr<evp_pkey_st> key, bool is_private)
    : id_(std::move(id)), key_(std::move(key)), is_private_(is_private) {
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    if (EVP_PKEY_get_bits(key_.get()) < least_rsa_bits) throw KeyError{"an RSA key of less than 2048 bits"};
    algorithm_ = Algorithm::rs256;
    return;
  }
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_is_a(key_.get(), "EC") == 1 &&
      EVP_PKEY_get_group_name(key_.get(), group.data(), group.size(), &size) == 1 &&
      std::string_view{group.data()} == "prime256v1") {
    algorithm_ = Algorithm::es256;
    return;
  }
  throw KeyError{"a key that is neither RSA nor P-256"};
}

Key::Key(std::string id, std::string secret) : id_(std::move(id)), secret_(std::move(secret)) {
  if (secret_.size() < least_secret_bytes) throw KeyError{"a secret of less than 32 bytes"};
}

std::string Key::sign(std::string_view data) const {
  if (algorithm_ == Algorithm::hs256) return hmac(secret_, data);
  if (!is_private_) throw KeyError{"a public key cannot sign"};
  const Context context{EVP_MD_CTX_new()};
  std::size_t size = 0;
  std::string signature;
  bool done = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes_of(data), data.size()) == 1;
  signature.resize(size);
  done = done && EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(data), data.size()) == 1;
  if (!done) throw std::runtime_error{"OpenSSL cannot sign"};
  signature.resize(size);
  return algorithm_ == Algorithm::es256 ? from_der(signature) : signature;
}

bool Key::verify(std::string_view data, std::string_view signature) const {
  if (algorithm_ == Algorithm::hs256) {
    const auto expected = hmac(secret_, data);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  }
  std::string der;
  if (algorithm_ == Algorithm::es256) {
    der = to_der(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const Context context{EVP_MD_CTX_new()};
  const bool valid =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(data), data.size()) == 1;
  ERR_clear_error();
  return valid;
}

}  // namespace orderly::security
