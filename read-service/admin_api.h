// What an operator asks and does: how each view is doing, filling it anew, going back to the file before.
// Threads: add() before the server starts; requests run on the server's. Failures: a view that cannot do it now gives a
// 409 with the reason.
#pragma once

#include <memory>
#include <vector>

#include "common/http/server.h"
#include "read-service/projector.h"
#include "read-service/served_view.h"

namespace orderly::read {

// GET /admin/views, POST /admin/views/{name}/rebuild, POST /admin/views/{name}/rollback.
void add_admin_routes(http::Server& server, const std::vector<std::shared_ptr<ServedView>>& views,
                      Projector& projector);

}  // namespace orderly::read
