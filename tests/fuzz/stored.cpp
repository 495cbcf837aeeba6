// What a store holds may be damaged: the first line names an aggregate and an event type, the rest is the event, or a
// snapshot. Either it is refused, or it is read, written and read again the same.
#include "storage/event_codec.h"

#include <stdexcept>

#include "tests/fuzz/targets.h"

namespace orderly::fuzz {
namespace {

template <class Aggregate>
void read_event(std::string_view type, std::string_view data) {
  using Codec = storage::EventCodec<Aggregate>;
  try {
    const auto event = Codec::decode(type, data, "id");
    const auto again = Codec::encode(event);
    hold(Codec::decode(again.type, again.data, "id") == event, "an event that was read is written and read alike");
  } catch (const std::runtime_error&) {
    return;  // refused, as the header says
  }
}

template <class Aggregate>
void read_snapshot(std::string_view data) {
  using Codec = storage::EventCodec<Aggregate>;
  std::optional<typename Aggregate::State> state;
  try {
    state = Codec::decode_snapshot(data);
  } catch (const std::runtime_error&) {
    return;
  }
  const auto once = Codec::encode_snapshot(*state);
  const auto twice = Codec::encode_snapshot(Codec::decode_snapshot(once));
  hold(twice == once, "a snapshot that was read is written and read alike");
}

template <class Aggregate>
void read_either(std::string_view type, std::string_view data) {
  type == "snapshot" ? read_snapshot<Aggregate>(data) : read_event<Aggregate>(type, data);
}

}  // namespace

void stored(std::string_view bytes) {
  Pieces pieces{bytes};
  const auto first = pieces.line();
  const auto slash = first.find('/');
  const auto aggregate = first.substr(0, slash), type = slash == first.npos ? "" : first.substr(slash + 1);
  if (aggregate == "product") return read_either<domain::Product>(type, pieces.rest());
  if (aggregate == "order") return read_either<domain::Order>(type, pieces.rest());
  if (aggregate == "customer") return read_either<domain::Customer>(type, pieces.rest());
  read_either<domain::BatchReference>(type, pieces.rest());
}

}  // namespace orderly::fuzz
