// Every order: its status, its total, its lines with what allocation says of each, when it became what it is; and its
// events, for history and for answers as of then. Follows topics between which there is no order: what allocation says
// is kept by order, sku and quantity, and counts once the order has such a line; so is whose it is, where ids are
// sealed.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition orders_view();

}  // namespace orderly::read
