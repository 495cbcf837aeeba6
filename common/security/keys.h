// Keys that sign and verify, from a file: a JWK set (RFC 7517), or PEM with one public or private key (or certificate)
// or several. Each key is for one algorithm, by its type, whatever a token says: RSA (2048 bits or more) for RS256,
// P-256 for ES256, `oct` (32 bytes or more) for HS256. Threads: any, keys do not change. Failures: KeyError names the
// file and what is wrong with it, never a secret.
//
//   const auto keys = security::read_keys("/etc/orderly/keys.json");
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace orderly::security {

class KeyError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

enum class Algorithm { rs256, es256, hs256 };
std::string_view name_of(Algorithm algorithm);  // RS256 …

class Key {
 public:
  // An asymmetric one; throws KeyError for a type that has no algorithm here.
  Key(std::string id, std::shared_ptr<evp_pkey_st> key, bool is_private);
  Key(std::string id, std::string secret);

  const std::string& id() const { return id_; }  // a JWK's kid; empty for PEM
  Algorithm algorithm() const { return algorithm_; }
  bool can_sign() const { return algorithm_ == Algorithm::hs256 || is_private_; }

  // As a JWS has signatures: those of ES256 are the two numbers of 32 bytes each.
  std::string sign(std::string_view data) const;
  bool verify(std::string_view data, std::string_view signature) const;

 private:
  std::string id_, secret_;
  std::shared_ptr<evp_pkey_st> key_;
  Algorithm algorithm_ = Algorithm::hs256;
  bool is_private_ = false;
};

using Keys = std::vector<Key>;
Keys read_keys(const std::string& path);
Keys parse_keys(std::string_view text, const std::string& where);  // `where` is for the errors

}  // namespace orderly::security
