// A JWT, as it comes in a header, against real keys; and a key file. The first line is the token, the rest the file.
#include "common/http/bearer.h"
#include "common/security/base64url.h"
#include "common/security/jwt.h"
#include "tests/fuzz/targets.h"

namespace orderly::fuzz {
namespace {

// RFC 7515, A.3 (its private key is published, and no input here should find a signature all the same).
constexpr std::string_view known_keys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr std::string_view known_token =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

}  // namespace

void token(std::string_view bytes) {
  static const auto keys = security::parse_keys(known_keys, "known");
  // Signs everything: so that the claims of any payload are looked at, too.
  static const security::Key open{"", std::string(32, 'k')};
  Pieces pieces{bytes};
  const auto text = pieces.line();
  hold(!security::verify_token(text, keys) || text == known_token, "one token is verified, and no other");
  const auto head = security::base64url_encode(R"({"alg":"HS256"})") + '.' + security::base64url_encode(text);
  const auto claims = security::verify_token(head + '.' + security::base64url_encode(open.sign(head)), {open});
  if (claims) {
    (void)security::check_times(*claims, from_unix_ms(1'700'000'000'000), std::chrono::seconds{60});
    (void)claims->words("roles");
  }
  const auto decoded = security::base64url_decode(text);
  hold(!decoded || security::base64url_encode(*decoded) == text, "base64url has one text for each bytes");
  try {
    for (const auto& key : security::parse_keys(pieces.rest(), "file")) (void)key.verify("data", "signature");
  } catch (const security::KeyError&) {
    return;
  }
}

}  // namespace orderly::fuzz
