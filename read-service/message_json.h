// A Protobuf message as JSON, the way the rest of this service writes: snake_case names, numbers as numbers, times as
// RFC 3339, every field but messages that are not set. (Protobuf's own mapping writes 64-bit numbers as strings.)
// Threads: any. Failures: none; a message of the published contract holds nothing that cannot be written.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "common/clock/clock.h"
#include "common/http/json.h"

namespace orderly::read {

void write_json(http::JsonWriter& json, const google::protobuf::Message& message);

// Cut to milliseconds, and to the years that RFC 3339 can write.
Time to_time(const google::protobuf::Timestamp& timestamp);

}  // namespace orderly::read
