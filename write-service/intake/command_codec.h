// Records to commands; which there are is said in command_types.h.
// Threads: one codec a shard. Failures: a record that cannot be read is a value, Undecodable; nothing throws.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "intake/command.h"

namespace orderly::intake {

inline constexpr std::size_t max_command_bytes = 512 * 1024;  // with its headers it still fits the broker's 1 MiB

class CommandCodec {
 public:
  CommandCodec();
  ~CommandCodec();

  // The envelope comes first and always succeeds as far as it can, so that an unreadable command can be answered.
  Envelope read_envelope(const kafka::Message& record, Lane lane) const;
  std::expected<Command, Undecodable> read_command(const kafka::Message& record, const Envelope& envelope);

 private:
  struct Tables;
  std::optional<Undecodable> check_headers(const kafka::Message& record, const Envelope& envelope) const;
  std::unique_ptr<Tables> tables_;
};

}  // namespace orderly::intake
