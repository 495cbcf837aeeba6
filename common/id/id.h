// Ids: new ones are UUIDv7 (RFC 9562, ordered by time), those that must come out the same again are derived (UUIDv8).
// Threads: any; the random engine belongs to its caller.
#pragma once

#include <random>
#include <string>
#include <string_view>

#include "common/clock/clock.h"

namespace orderly {

std::string new_uuid_v7(Time now, std::mt19937_64& random);

// The same parent, purpose and number always give the same id: an event of a command, a command of an event, a result.
std::string derive_id(std::string_view parent_id, std::string_view purpose, std::uint64_t number);

}  // namespace orderly
