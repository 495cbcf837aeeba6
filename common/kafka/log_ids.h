// A log line about a record names the ids that lead to everything else: command_id and correlation_id, of an event also
// event_id. Threads: any. Failures: a header that is no id, whatever a stranger has put there, is left out.
#pragma once

#include "common/kafka/message.h"
#include "common/log/log.h"

namespace orderly::kafka {

log::Logger with_ids(const log::Logger& log, const Message& record);

}  // namespace orderly::kafka
