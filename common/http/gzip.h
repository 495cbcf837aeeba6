// gzip for response bodies (RFC 1952), and whether a client takes it (RFC 9110, Accept-Encoding).
// Threads: any. Failures: compress() throws when zlib has no memory.
#pragma once

#include <string>
#include <string_view>

namespace orderly::http {

std::string gzip_compress(std::string_view body);
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace orderly::http
