// Every open line of a product where it stands: batch by batch, the newest first, then the queue. The same list means
// the same decisions, wherever the lines are kept. Throws where a line's place holds another line.
#pragma once

#include <stdexcept>
#include <vector>

#include "domain/product.h"

namespace orderly::testing {

inline std::vector<domain::OpenLine> lines_of(const domain::Product::State& state) {
  std::vector<domain::OpenLine> lines;
  const auto take = [&](domain::LinePlace place, const domain::OpenLine& line) {
    if (state.lines.at(place) != line || state.lines.find(line.order_id) != place) {
      throw std::logic_error{"a line at its place is another, or is not found by its order"};
    }
    lines.push_back(line);
    return true;
  };
  for (domain::BatchNumber batch = 0; batch < state.batches.size(); ++batch) state.lines.newest_first(batch, take);
  state.lines.in_queue(take);
  return lines;
}

}  // namespace orderly::testing
