// Names what is wrong with bytes that Protobuf refused: the field, by walking the wire format beside the descriptor.
// Threads: any. Never fails: where the walk finds nothing, the error says only that the bytes are not such a message.
// A field of another wire type than the schema's is no error by itself (Protobuf keeps it as unknown), but explains
// one.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string_view>

#include "intake/message_reader.h"

namespace orderly::intake {

ReadError diagnose_protobuf(std::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace orderly::intake
