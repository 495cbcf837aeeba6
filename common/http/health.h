// What an operator's tools ask: /healthz (the process lives), /readyz (can it do its work, and what is missing;
// ?stale=ok: can it answer at all, though with what it knew a while ago), /metrics. Threads: register before the server
// starts; `parts` is called on the server's threads. Failures: `parts` must not throw.
#pragma once

#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server.h"

namespace orderly::http {

struct Readiness {
  std::string name;
  bool ready = false;
  std::string reason = {};  // why not
  bool stale = false;       // not ready, but what it has is served: it fails no request
};

void add_health_routes(Server& server, std::shared_ptr<prometheus::Registry> registry,
                       std::function<std::vector<Readiness>()> parts);

}  // namespace orderly::http
