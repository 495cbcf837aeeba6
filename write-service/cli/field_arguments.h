// `order_id=o1 items[0].sku=LAMP items[0].unit_price={"currency":"GBP","minor_units":100}` to a message.
// The first part is a field's path; the second is text as it stands, or JSON for messages and lists. Threads: any.
// Failures: std::invalid_argument that names the field and the reason.
#pragma once

#include <google/protobuf/message.h>

#include <span>
#include <string>

namespace orderly::cli {

void read_arguments(std::span<const std::string> arguments, google::protobuf::Message& into);

}  // namespace orderly::cli
