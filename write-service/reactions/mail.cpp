#include "reactions/mail.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <stdexcept>

#include "common/id/id.h"

namespace orderly::reactions {
namespace {

constexpr std::size_t longest_line = 900;  // RFC 5322 allows 998 with the header's name

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// RFC 5322's atext and the dot.
bool is_dot_atom(std::string_view text) {
  constexpr std::string_view others = ".!#$%&'*+/=?^_`{|}~-";
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
  };
  return !text.empty() && std::ranges::all_of(text, fits) && text.front() != '.' && text.back() != '.' &&
         !text.contains("..");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto part = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text.push_back(k <= part.size() ? digits[bits >> (18 - 6 * k) & 63] : '=');
  }
  return text;
}

// Encoded words of at most 75 characters, whole UTF-8 characters in each (RFC 2047).
std::string encoded_words(std::string_view text) {
  constexpr std::size_t most_bytes = 45;
  std::string words;
  while (!text.empty()) {
    auto size = std::min(text.size(), most_bytes);
    while (size > 1 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    if (!words.empty()) words.append("\r\n ");
    words.append("=?UTF-8?B?").append(base64(text.substr(0, size))).append("?=");
    text.remove_prefix(size);
  }
  return words;
}

std::string header_text(std::string_view raw) {
  const std::string text = on_one_line(raw);
  return is_ascii(text) && text.size() <= longest_line && !text.contains("=?") ? text : encoded_words(text);
}

// RFC 5322, 3.3, in UTC: Mon, 02 Jan 2006 15:04:05 +0000
std::string rfc5322_date(Time time) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](auto number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss of_day{std::chrono::floor<std::chrono::seconds>(time - day)};
  return std::string{days[std::chrono::weekday{day}.c_encoding()]} + ", " + two(static_cast<unsigned>(date.day())) +
         ' ' + months[static_cast<unsigned>(date.month()) - 1] + ' ' + std::to_string(static_cast<int>(date.year())) +
         ' ' + two(of_day.hours().count()) + ':' + two(of_day.minutes().count()) + ':' + two(of_day.seconds().count()) +
         " +0000";
}

// RFC 2045, 6.7: lines of at most 76 characters, a space before the line's end encoded.
std::string quoted_printable(std::string_view line) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    const bool plain = (c >= 0x20 && c < 0x7F && c != '=' && !(c == ' ' && i + 1 == line.size()));
    if (column + (plain ? 1 : 3) > 75) {
      text.append("=\r\n");
      column = 0;
    }
    if (plain) {
      text.push_back(static_cast<char>(c));
    } else {
      text.append({'=', digits[c >> 4], digits[c & 15]});
    }
    column += plain ? 1 : 3;
  }
  return text;
}

bool fits_seven_bits(std::string_view body) {
  return is_ascii(body) && std::ranges::all_of(std::views::split(body, '\n'), [](auto line) {
           return static_cast<std::size_t>(std::ranges::distance(line)) <= longest_line;
         });
}

std::vector<std::string> parse_addresses(std::string_view listed) {
  std::vector<std::string> addresses;
  for (const auto part : std::views::split(listed, ',')) {
    std::string_view address{part.begin(), part.end()};
    address.remove_prefix(std::min(address.find_first_not_of(' '), address.size()));
    address = address.substr(0, address.find_last_not_of(' ') + 1);
    const auto at = address.rfind('@');
    if (at == std::string_view::npos || !is_dot_atom(address.substr(0, at)) || !is_dot_atom(address.substr(at + 1))) {
      throw std::invalid_argument{"not a mail address: \"" + on_one_line(address) + '"'};
    }
    addresses.emplace_back(address);
  }
  return addresses;
}

}  // namespace

MailAddresses MailAddresses::parse(const std::string& from, const std::string& to) {
  const auto senders = parse_addresses(from);
  if (senders.size() != 1) throw std::invalid_argument{"a mail has one sender, got \"" + on_one_line(from) + '"'};
  return {senders.front(), parse_addresses(to)};
}

std::string mail_id(std::string_view event_id) {
  return is_dot_atom(event_id) ? std::string{event_id} : derive_id(event_id, "mail", 0);
}

std::string on_one_line(std::string_view text) {
  std::string line{text};
  std::ranges::replace_if(line, is_control, ' ');
  return line;
}

std::string compose(const Mail& mail, const MailAddresses& addresses, Time date) {
  const bool plain = fits_seven_bits(mail.body);
  std::string message = "Date: " + rfc5322_date(date) + "\r\nFrom: " + addresses.from + "\r\nTo: ";
  for (std::size_t i = 0; i < addresses.to.size(); ++i) message.append(i == 0 ? "" : ",\r\n ").append(addresses.to[i]);
  message.append("\r\nSubject: ").append(header_text(mail.subject));
  message.append("\r\nMessage-ID: <").append(mail.id).append("@orderly>");
  message.append("\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8");
  message.append("\r\nContent-Transfer-Encoding: ").append(plain ? "7bit" : "quoted-printable").append("\r\n\r\n");
  for (const auto part : std::views::split(mail.body, '\n')) {
    const std::string line = on_one_line({part.begin(), part.end()});
    message.append(plain ? line : quoted_printable(line)).append("\r\n");
  }
  return message;
}

}  // namespace orderly::reactions
