// Signed tokens: what the RFCs give as examples, and everything that must not pass for one.
#include "common/security/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "common/security/base64url.h"

using namespace orderly;
using namespace orderly::security;

namespace {

// RFC 7515, A.1 and A.3.
const std::string rfc_secret = R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})";
const std::string rfc_hs256 =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const std::string rfc_p256 =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"joe"})";
const std::string rfc_es256 =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

struct Pair {
  std::string secret_pem, public_pem;
};

Pair make_pair_of(EVP_PKEY* made) {
  const auto text = [](auto write) {
    BIO* bio = BIO_new(BIO_s_mem());
    REQUIRE(write(bio) == 1);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string pem{data, static_cast<std::size_t>(size)};
    BIO_free(bio);
    return pem;
  };
  REQUIRE(made != nullptr);
  Pair pair{text([&](BIO* b) { return PEM_write_bio_PrivateKey(b, made, nullptr, nullptr, 0, nullptr, nullptr); }),
            text([&](BIO* b) { return PEM_write_bio_PUBKEY(b, made); })};
  EVP_PKEY_free(made);
  return pair;
}
const Pair& rsa() {
  static const Pair pair = make_pair_of(EVP_RSA_gen(2048U));
  return pair;
}
const Pair& p256() {
  static const Pair pair = make_pair_of(EVP_EC_gen("P-256"));
  return pair;
}

Keys keys(const std::string& text) { return parse_keys(text, "keys"); }
std::string token(const std::string& pem, const TextClaims& texts, const NumberClaims& numbers = {}) {
  return make_token(keys(pem).front(), texts, numbers);
}
std::string reason(std::string_view text, const Keys& with) {
  const auto claims = verify_token(text, with);
  return claims ? "" : claims.error();
}
// A token whose header is what somebody else wants it to be.
std::string with_header(const std::string& text, const std::string& header) {
  return base64url_encode(header) + text.substr(text.find('.'));
}

}  // namespace

TEST_CASE("the examples of RFC 7515 are verified") {
  const auto hs = verify_token(rfc_hs256, keys(rfc_secret));
  REQUIRE(hs.has_value());
  CHECK(hs->text("iss") == "joe");
  CHECK(hs->numbers.at("exp") == 1'300'819'380);
  const auto es = verify_token(rfc_es256, keys(rfc_p256));
  REQUIRE(es.has_value());
  CHECK(es->key_id == "joe");
}

TEST_CASE("a token of ours is verified by the public key alone") {
  for (const auto* pair : {&rsa(), &p256()}) {
    const auto text = token(pair->secret_pem, {{"sub", "shop"}}, {{"exp", 10}});
    const auto claims = verify_token(text, keys(pair->public_pem));
    REQUIRE(claims.has_value());
    CHECK(claims->text("sub") == "shop");
    CHECK_FALSE(keys(pair->public_pem).front().can_sign());
    CHECK(reason(text, keys(pair == &rsa() ? p256().public_pem : rsa().public_pem)) ==
          "the token's algorithm is not accepted");
  }
}

TEST_CASE("HS256 with the public key as the secret is refused: the key decides the algorithm") {
  const auto forged = make_token(Key{"", rsa().public_pem}, {{"sub", "operator"}});
  CHECK(reason(forged, keys(rsa().public_pem)) == "the token's algorithm is not accepted");
  auto both = keys(rsa().public_pem);
  both.push_back(keys(rfc_secret).front());
  CHECK(reason(forged, both) == "the token's signature matches no key");
}

TEST_CASE("none, in any spelling, is no algorithm") {
  const auto good = token(rsa().secret_pem, {{"sub", "operator"}});
  const auto unsigned_part = good.substr(0, good.rfind('.') + 1);
  for (const auto* header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":""})", R"({})", R"({"alg":null})"}) {
    CHECK(reason(with_header(unsigned_part, header), keys(rsa().public_pem)) ==
          "the token's algorithm is not accepted");
  }
}

TEST_CASE("nothing of a token can be changed") {
  for (const auto* pair : {&rsa(), &p256()}) {
    const auto good = token(pair->secret_pem, {{"sub", "shop"}});
    const auto with = keys(pair->public_pem);
    REQUIRE(reason(good, with).empty());
    for (std::size_t at = 0; at < good.size(); ++at) {
      auto bad = good;
      bad[at] = bad[at] == 'A' ? 'B' : 'A';
      INFO(at << ' ' << bad);
      CHECK_FALSE(verify_token(bad, with).has_value());
      CHECK_FALSE(verify_token(good.substr(0, at), with).has_value());
    }
    CHECK_FALSE(verify_token(good + "A", with).has_value());
    CHECK_FALSE(verify_token(good + ".A", with).has_value());
    CHECK_FALSE(verify_token(good + "=", with).has_value());
  }
}

TEST_CASE("a critical extension that is not known, and a token that is too long, are refused") {
  const auto good = token(p256().secret_pem, {{"sub", "shop"}});
  CHECK(reason(with_header(good, R"({"alg":"ES256","crit":["b64"],"b64":false})"), keys(p256().public_pem)) ==
        "the token demands what is not known here");
  const std::string much(max_token_bytes, 'x');
  CHECK(reason(token(p256().secret_pem, {{"sub", much}}), keys(p256().public_pem)) == "the token is too long");
}

TEST_CASE("times are looked at with some doubt about clocks") {
  const auto now = from_unix_ms(100'000);
  const auto claims_of = [](const NumberClaims& numbers) {
    return *verify_token(token(p256().secret_pem, {}, numbers), keys(p256().public_pem));
  };
  using std::chrono::seconds;
  CHECK_FALSE(check_times(claims_of({{"exp", 101}, {"nbf", 100}}), now, seconds{0}));
  CHECK(check_times(claims_of({{"exp", 100}}), now, seconds{0}) == "the token has expired");
  CHECK_FALSE(check_times(claims_of({{"exp", 100}}), now, seconds{1}));
  CHECK(check_times(claims_of({{"nbf", 102}}), now, seconds{1}) == "the token is not valid yet");
  CHECK_FALSE(check_times(claims_of({{"nbf", 101}}), now, seconds{1}));
}

TEST_CASE("roles are found as identity providers write them") {
  const auto claims = [](const std::string& json) {
    const auto head = base64url_encode(R"({"alg":"ES256"})") + '.' + base64url_encode(json);
    return *verify_token(head + '.' + base64url_encode(keys(p256().secret_pem).front().sign(head)),
                         keys(p256().public_pem));
  };
  using List = std::vector<std::string>;
  CHECK(claims(R"({"roles":["reader","operator"]})").words("roles") == List{"reader", "operator"});
  CHECK(claims(R"({"scope":"reader  operator"})").words("scope") == List{"reader", "operator"});
  CHECK(claims(R"({"realm_access":{"roles":["reader"]}})").words("realm_access.roles") == List{"reader"});
  CHECK(claims(R"({"roles":7})").words("roles").empty());
}

TEST_CASE("a key file that cannot be used is named, without what is in it") {
  const auto trouble = [](const std::string& text) {
    try {
      parse_keys(text, "keys.json");
      return std::string{};
    } catch (const KeyError& error) {
      return std::string{error.what()};
    }
  };
  CHECK(trouble("").find("keys.json: no key for RS256, ES256 or HS256") == 0);
  CHECK(trouble("{").find("keys.json: no JSON object") == 0);
  CHECK(trouble(R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})") == "keys.json: a secret of less than 32 bytes");
  CHECK(trouble("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").find("keys.json: a PEM block") == 0);
  CHECK(trouble(make_pair_of(EVP_RSA_gen(1024U)).public_pem) == "keys.json: an RSA key of less than 2048 bits");
  CHECK(trouble(make_pair_of(EVP_EC_gen("P-384")).public_pem) == "keys.json: a key that is neither RSA nor P-256");
  CHECK(trouble(R"({"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]})").find("32 bytes") != std::string::npos);
  CHECK_THROWS_AS(read_keys("/no/such/file"), KeyError);
}

TEST_CASE("an identity provider's set may hold keys for other purposes") {
  const auto set = R"({"keys":[{"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AAAA","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"AA"},)" +
                   rfc_p256 + "]}";
  CHECK(keys(set).size() == 1);
  CHECK(keys(rsa().public_pem + p256().public_pem).size() == 2);
}

TEST_CASE("base64url has one text for each bytes") {
  for (const auto* text : {"", "f", "fo", "foo", "\xff\xfe\xfd"}) {
    CHECK(base64url_decode(base64url_encode(text)) == std::string{text});
  }
  CHECK(base64url_encode("\xfb\xff") == "-_8");
  for (const auto* text : {"A", "AB", "A=", "AAAA=", "AA+A", "AA/A", "AA A"}) CHECK_FALSE(base64url_decode(text));
  CHECK(base64url_decode("AA") == std::string(1, '\0'));
}
