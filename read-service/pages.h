// The dashboard and its files, and the API's description: what the service serves as it is.
// Threads: add before the server starts. Failures: none.
#pragma once

#include "common/http/server.h"

namespace orderly::read {

void add_pages(http::Server& server);

}  // namespace orderly::read
