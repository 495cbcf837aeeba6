// Which roles open which route, when tokens are demanded: /admin the operator's alone; what holds no data, and health
// and metrics, nobody's; all else a reader's or an operator's. Threads: any. Failures: none.
#pragma once

#include "common/http/security_options.h"

namespace orderly::read {

http::RolesOfRoute roles_of_route(const http::AuthSettings& settings);

}  // namespace orderly::read
