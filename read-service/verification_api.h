// POST /admin/verify begins a verification (409 while one runs), GET /admin/verify tells how far it is and what it has
// found. Threads: add before the server starts. Failures: none; they are in the report.
#pragma once

#include "common/http/server.h"
#include "read-service/verification.h"

namespace orderly::read {

void add_verification_routes(http::Server& server, Verification& verification);

}  // namespace orderly::read
