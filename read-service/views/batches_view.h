// Every batch of stock: how much it holds, how much of that is allocated, when it comes.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition batches_view();

}  // namespace orderly::read
