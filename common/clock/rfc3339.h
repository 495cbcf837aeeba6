// RFC 3339 times in UTC with milliseconds, as CloudEvents' ce_time wants them: 2026-01-31T12:00:00.000Z.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/clock/clock.h"

namespace orderly {

std::string to_rfc3339(Time time);

// Fractions finer than milliseconds are cut off; an offset such as +01:00 is taken into account. Anything else:
// nothing.
std::optional<Time> parse_rfc3339(std::string_view text);

}  // namespace orderly
