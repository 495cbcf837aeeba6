// What became of each command, by its id; a repeated result changes nothing.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition command_results_view();

}  // namespace orderly::read
