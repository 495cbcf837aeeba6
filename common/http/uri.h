// The pieces of a URL: percent-decoding, the query, and base64url (RFC 4648) for tokens that travel in one.
// Threads: any. Failures are values: what cannot be read gives nothing, or a sentence for the client.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/message.h"
#include "common/security/base64url.h"

namespace orderly::http {

bool is_utf8(std::string_view bytes);

// Nothing: a broken %XX, or the result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// For one segment of a path: everything but letters, digits and -._~ as %XX.
std::string percent_encode(std::string_view text);

// a=1&b=2. A name that stands twice is refused (which one was meant?), unless it is repeatable: then 1,2.
std::expected<Parameters, std::string> parse_query(std::string_view query, const Names& repeatable = {});

using security::base64url_decode;
using security::base64url_encode;

}  // namespace orderly::http
