// Which batch each order line has: the book's view, by order, sku and batch.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition allocations_view();

}  // namespace orderly::read
