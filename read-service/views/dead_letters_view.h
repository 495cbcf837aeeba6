// What could not be handled: every dead letter with the reason, and its payload as text or base64, bounded.
// Threads and failures: as view.h says; what is in the records is a stranger's, and never fails the view.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition dead_letters_view();

}  // namespace orderly::read
