// A mail and its bytes: RFC 5322 headers, RFC 2047 for what is not ASCII, quoted-printable where 7 bits do not do.
// Threads: any. No text that comes in can start a header of its own: compose() has no line break but its own in the
// head.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/clock/clock.h"

namespace orderly::reactions {

struct Mail {
  std::string id;             // the left half of its Message-ID; see mail_id
  std::string subject, body;  // UTF-8
};

struct MailAddresses {
  std::string from;
  std::vector<std::string> to;

  // "a@b.example" and "a@b.example, c@d.example". Throws std::invalid_argument that names the bad address.
  static MailAddresses parse(const std::string& from, const std::string& to);
};

// The same event always makes the same Message-ID, so that a repeated mail can be known: <event id@orderly>. An event
// id that could not stand there as it is gets a derived one.
std::string mail_id(std::string_view event_id);

// The whole message, lines ended by CRLF.
std::string compose(const Mail& mail, const MailAddresses& addresses, Time date);

// Control characters, line breaks first of all, become spaces.
std::string on_one_line(std::string_view text);

}  // namespace orderly::reactions
