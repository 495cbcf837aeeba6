// The files that the service serves as they are, put into the program at build time.
// Threads: any. Failures: none.
#pragma once

#include <string_view>

namespace orderly::read::web {

std::string_view index_html();
std::string_view openapi_json();

}  // namespace orderly::read::web
