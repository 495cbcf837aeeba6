// Outbox entries as a store holds them: refused as damaged, or read, written and read again the same.
#include "outbox/outbox_entry.h"

#include <stdexcept>

#include "tests/fuzz/targets.h"

namespace orderly::fuzz {

void outbox(std::string_view bytes) {
  orderly::outbox::EntryReader reader{bytes};
  try {
    while (!reader.at_end()) {
      std::vector<kafka::Header> headers;
      auto message = reader.next(headers);
      message.headers = headers;
      std::string written;
      orderly::outbox::append_entry(written, message);
      std::vector<kafka::Header> headers_again;
      orderly::outbox::EntryReader again{written};
      const auto second = again.next(headers_again);
      hold(again.at_end() && second.topic == message.topic && second.partition == message.partition &&
               second.key == message.key && second.value == message.value && headers_again.size() == headers.size(),
           "an entry that was read is written and read alike");
    }
  } catch (const std::runtime_error&) {
    return;  // damaged
  }
}

}  // namespace orderly::fuzz
