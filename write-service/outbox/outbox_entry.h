// The bytes of outbox messages and of held records: a flat sequence, written once, read in place.
//
//   entry   = topic partition key value headers
//   topic   = text                 partition = u32 (all ones: the client's partitioner chooses by the key)
//   key     = u8 present, text     value = text     headers = u32 count, count x (name text)
//   name    = u8 code of a known name, or 0 and a text       text = u32 length, bytes
//
// Numbers are in the machine's byte order: a store is not moved between architectures. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "common/kafka/message.h"

namespace orderly::outbox {

void append_entry(std::string& bytes, const kafka::OutgoingMessage& message);

// Reads entries one after another. The messages view into `bytes` and into the reader's own header list.
// Damaged bytes throw std::runtime_error.
class EntryReader {
 public:
  explicit EntryReader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }

  // The headers go to the end of `headers`; the message's span is left empty, since that vector may still grow.
  kafka::OutgoingMessage next(std::vector<kafka::Header>& headers);

 private:
  std::string_view take(std::size_t size);
  std::string_view take_text();
  std::uint8_t take_byte() { return static_cast<std::uint8_t>(take(1).front()); }
  std::uint32_t take_number();
  std::string_view rest_;
};

}  // namespace orderly::outbox
