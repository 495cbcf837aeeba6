// What the client's headers make of a response: 304 for a representation it has (RFC 9110, If-None-Match), gzip, CORS.
// Threads: any. Failures: throws when zlib has no memory.
#pragma once

#include <string>

#include "common/http/message.h"

namespace orderly::http {

struct Wishes {
  std::string if_none_match;
  bool gzip = false;
};

struct Offers {
  std::size_t gzip_from_bytes = 1'024;
  std::string cors_origin = {};
};

Wishes wishes_of(const Request& request);

// True: the body is not to be sent, only its length.
bool negotiate(Response& response, const Wishes& wishes, const Offers& offers);

}  // namespace orderly::http
