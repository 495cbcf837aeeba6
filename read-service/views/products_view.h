// Every product: totals over its batches, and the lines that wait for stock.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition products_view();

}  // namespace orderly::read
