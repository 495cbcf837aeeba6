// base64url without padding (RFC 4648, 5), as JWTs and JWKs use it.
// Threads: any. Failures are values: decode gives nothing for text that is not the one encoding of its bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orderly::security {

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace orderly::security
