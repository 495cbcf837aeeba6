// Where a page of a list ended, as an opaque text for the next request. It carries the route and the filters, so that
// it cannot be taken to another list. Threads: any. Failures are values: a token that is broken or of another list
// gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"

namespace orderly::read {

struct PageToken {
  std::string route;
  http::Parameters filters;
  std::vector<std::string> after;  // the key of the last row given
};

std::string encode(const PageToken& token);
std::optional<PageToken> decode_page_token(std::string_view text);

}  // namespace orderly::read
