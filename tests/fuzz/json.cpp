// The first line names a message, the rest is JSON. What our reader takes, Protobuf's own mapping takes, and the
// messages are equal; and a message that was read is written by Protobuf and read again the same.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "intake/message_reader.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "tests/fuzz/targets.h"

namespace orderly::fuzz {
namespace {

using google::protobuf::Message;

std::unique_ptr<Message> message_of(std::string_view name) {
  const auto* pool = allocation::v1::Allocate::descriptor()->file()->pool();
  const auto* type = pool->FindMessageTypeByName(std::string{name});
  if (type == nullptr) type = ordering::v1::CreateOrder::descriptor();
  return std::unique_ptr<Message>{google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New()};
}

}  // namespace

void json(std::string_view bytes) {
  static intake::MessageReader reader;
  Pieces pieces{bytes};
  const auto ours = message_of(pieces.line());
  const auto error = reader.read_json(pieces.rest(), *ours);
  if (error) return hold(!error->reason.empty(), "a refusal says why");
  const std::unique_ptr<Message> theirs{ours->New()};
  const auto status = google::protobuf::util::JsonStringToMessage(std::string{pieces.rest()}, theirs.get());
  hold(status.ok(), "Protobuf takes what we take");
  hold(google::protobuf::util::MessageDifferencer::Equals(*ours, *theirs), "and reads it alike");
  const std::unique_ptr<Message> again{ours->New()};
  hold(!reader.read_protobuf(ours->SerializeAsString(), *again), "what was read can be written and read");
  hold(google::protobuf::util::MessageDifferencer::Equals(*ours, *again), "and is the same");
}

}  // namespace orderly::fuzz
