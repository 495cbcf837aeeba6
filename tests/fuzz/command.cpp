// A record of the command topics, from the wire to the domain's validation: lines of `name: value` are headers, then an
// empty line, then the value.
#include "intake/command_codec.h"

#include "intake/command_token.h"
#include "intake/router.h"
#include "tests/fuzz/targets.h"
#include "topics.h"

namespace orderly::fuzz {

void command(std::string_view bytes) {
  static intake::CommandCodec codec;
  static const intake::CommandKeys keys{security::Keys{security::Key{"write-service", std::string(32, 'w')}}};
  Pieces pieces{bytes};
  std::vector<kafka::Header> headers;
  for (auto line = pieces.line(); !line.empty(); line = pieces.line()) {
    const auto colon = line.find(": ");
    headers.push_back({line.substr(0, colon), colon == line.npos ? "" : line.substr(colon + 2)});
  }
  kafka::Message record;
  record.value = pieces.rest();
  record.headers = headers;
  const auto type = record.header("ce_type").value_or("");
  record.topic = topics::commands_of(type).empty() ? topics::ordering_commands : topics::commands_of(type);
  const auto envelope = codec.read_envelope(record, 0);
  hold(!envelope.id.empty() && envelope.id.size() <= 255, "every command has an id");
  hold(keys.check(record, envelope).has_value() == false, "nobody guesses a token");
  const auto read = codec.read_command(record, envelope);
  if (!read) return hold(!read.error().reason.empty() && !read.error().detail.empty(), "a refusal says why");
  hold(intake::owner(*read, 4) >= 0 && intake::owner(*read, 4) < 4, "every command has an owner");
  hold(intake::stream_of(*read).find('/') != std::string::npos, "every command has a stream");
}

}  // namespace orderly::fuzz
