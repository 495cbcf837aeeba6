// Turns the views' queries into routes: parameters, waiting for a version, ETags, pages, problem documents.
// Threads: add() before the server starts; queries run on the server's threads and never wait on them. Failures: a
// query that throws is logged and gives a 500; a view that was never complete gives a 503.
#pragma once

#include <memory>

#include "common/http/server.h"
#include "read-service/served_view.h"
#include "read-service/waiters.h"

namespace orderly::read {

class QueryApi {
 public:
  QueryApi(http::Server& server, Waiters& waiters, const log::Logger& log)
      : server_(server), waiters_(waiters), log_(log.module("queries")) {}

  void add(const std::shared_ptr<ServedView>& view);

 private:
  void add_resource(const std::shared_ptr<ServedView>& view, const ResourceRoute& route);
  void add_list(const std::shared_ptr<ServedView>& view, const ListRoute& route);

  http::Server& server_;
  Waiters& waiters_;
  const log::Logger log_;
};

}  // namespace orderly::read
