// Which handler a method and a path mean. Matches segment by segment in plain code: no regular expression runs over
// what a stranger sends, and a wrong method is told apart from a wrong path. Threads: add() before the server starts,
// find() from any. Failures are values.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/http/message.h"

namespace orderly::http {

class Router {
 public:
  struct Matched {
    std::size_t route;  // as add() numbered it
    Parameters parameters;
  };
  struct NoSuchPath {};
  struct WrongMethod {
    std::string allow;  // "GET, HEAD"
  };

  // `pattern`: /orders/:order_id. Gives 0, 1, 2 …
  std::size_t add(std::string method, std::string_view pattern);

  // "GET /orders/:order_id", in the order in which they were added.
  std::vector<std::string> routes() const;

  // A HEAD finds the route of GET.
  std::variant<Matched, NoSuchPath, WrongMethod> find(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // one that begins with a colon takes any text but none
  };
  std::vector<Route> routes_;
};

}  // namespace orderly::http
