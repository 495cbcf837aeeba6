// Files to keys: PEM by OpenSSL, JWK sets by RapidJSON.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <rapidjson/document.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "common/security/base64url.h"
#include "common/security/keys.h"

namespace orderly::security {
namespace {

using Json = rapidjson::Value;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class Type>
using Owned = std::unique_ptr<Type, Free>;
using SharedKey = std::shared_ptr<EVP_PKEY>;

SharedKey share(EVP_PKEY* key) { return {key, [](EVP_PKEY* one) { EVP_PKEY_free(one); }}; }

// An encrypted key must not wait for a passphrase on a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

EVP_PKEY* public_key_of_certificate(BIO* bio) {
  const Owned<X509> certificate{PEM_read_bio_X509(bio, nullptr, &no_passphrase, nullptr)};
  return certificate ? X509_get_pubkey(certificate.get()) : nullptr;
}

Key key_in_pem(const std::string& block) {
  const Owned<BIO> bio{BIO_new_mem_buf(block.data(), static_cast<int>(block.size()))};
  const bool is_private = block.find("PRIVATE KEY-----") != block.npos;
  EVP_PKEY* key = is_private ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr)
                  : block.starts_with("-----BEGIN CERTIFICATE") ? public_key_of_certificate(bio.get())
                                                                 : PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_passphrase, nullptr);
  ERR_clear_error();
  if (key == nullptr) throw KeyError{"a PEM block that cannot be read (an encrypted key, perhaps)"};
  return Key{"", share(key), is_private};
}

Keys keys_in_pem(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ", end = "-----END ";
  Keys keys;
  for (auto from = text.find(begin); from != text.npos;) {
    const auto last = text.find(end, from);
    if (last == text.npos) throw KeyError{"a PEM block without its end"};
    const auto next = text.find(begin, last);
    const std::string block{text.substr(from, next == text.npos ? next : next - from)};
    if (!block.starts_with("-----BEGIN EC PARAMETERS")) keys.push_back(key_in_pem(block));
    from = next;
  }
  return keys;
}

std::string text_in(const Json& json, const char* name) {
  const auto found = json.FindMember(name);
  if (found == json.MemberEnd() || !found->value.IsString()) return "";
  return {found->value.GetString(), found->value.GetStringLength()};
}

std::string bytes_in(const Json& json, const char* name) {
  auto bytes = base64url_decode(text_in(json, name));
  if (!bytes || bytes->empty()) throw KeyError{std::string{"a JWK whose "} + name + " is missing or no base64url"};
  return *std::move(bytes);
}

Owned<BIGNUM> number_in(const Json& json, const char* name) {
  const auto bytes = bytes_in(json, name);
  return Owned<BIGNUM>{BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()),
                                 nullptr)};
}

SharedKey make(const char* type, OSSL_PARAM_BLD* builder, bool is_private) {
  const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(builder)};
  const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  const bool made = context && parameters && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                      parameters.get()) == 1;
  ERR_clear_error();
  if (!made) throw KeyError{std::string{"a JWK whose numbers are no "} + type + " key"};
  return share(key);
}

SharedKey rsa_key(const Json& json) {
  const auto modulus = number_in(json, "n"), exponent = number_in(json, "e");
  const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return make("RSA", builder.get(), false);
}

SharedKey ec_key(const Json& json, bool is_private) {
  const auto x = bytes_in(json, "x"), y = bytes_in(json, "y");
  if (x.size() != 32 || y.size() != 32) throw KeyError{"a JWK whose x or y is not 32 bytes long"};
  const auto point = '\x04' + x + y;
  const Owned<BIGNUM> secret{is_private ? number_in(json, "d") : nullptr};
  const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  if (secret) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return make("EC", builder.get(), is_private);
}

// Nothing for a key of another kind or use: an identity provider's set has some for its own purposes (RFC 7517, 5).
std::optional<Key> key_in_jwk(const Json& json) {
  if (!json.IsObject()) throw KeyError{"a key that is no JSON object"};
  const auto type = text_in(json, "kty"), id = text_in(json, "kid"), algorithm = text_in(json, "alg");
  const bool is_private = json.HasMember("d"), any = algorithm.empty();
  if (text_in(json, "use") == "enc") return std::nullopt;
  if (type == "oct" && (any || algorithm == "HS256")) return Key{id, bytes_in(json, "k")};
  if (type == "RSA" && (any || algorithm == "RS256")) {
    if (is_private) throw KeyError{"a private RSA key as a JWK: give it as PEM"};
    return Key{id, rsa_key(json), false};
  }
  if (type == "EC" && (any || algorithm == "ES256") && text_in(json, "crv") == "P-256") {
    return Key{id, ec_key(json, is_private), is_private};
  }
  return std::nullopt;
}

Keys keys_in_jwks(std::string_view text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError() || !document.IsObject()) throw KeyError{"no JSON object"};
  const auto list = document.FindMember("keys");
  Keys keys;
  if (list == document.MemberEnd()) {
    if (auto key = key_in_jwk(document)) keys.push_back(*std::move(key));
    return keys;
  }
  if (!list->value.IsArray()) throw KeyError{"`keys` is no list"};
  for (const auto& one : list->value.GetArray()) {
    if (auto key = key_in_jwk(one)) keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

Keys parse_keys(std::string_view text, const std::string& where) try {
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != text.npos && text[first] == '{';
  auto keys = is_json ? keys_in_jwks(text) : keys_in_pem(text);
  if (keys.empty()) throw KeyError{"no key for RS256, ES256 or HS256: PEM or a JWK set wanted"};
  return keys;
} catch (const KeyError& error) {
  throw KeyError{where + ": " + error.what()};
}

Keys read_keys(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) throw KeyError{path + ": cannot be read"};
  return parse_keys(text, path);
}

}  // namespace orderly::security
