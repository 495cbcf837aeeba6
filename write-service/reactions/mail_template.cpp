#include "reactions/mail_template.h"

#include <algorithm>
#include <stdexcept>

#include "reactions/mail.h"

namespace orderly::reactions {
namespace {

constexpr std::string_view opening = "{{", closing = "}}", head = "Subject: ";

// Gives the text with every {{name}} replaced by what `value_of` says. Values are not searched for names again.
template <class ValueOf>
std::string fill(std::string_view text, const ValueOf& value_of) {
  std::string filled;
  for (;;) {
    const auto start = text.find(opening);
    filled.append(text.substr(0, start));
    if (start == std::string_view::npos) return filled;
    const auto end = text.find(closing, start);
    if (end == std::string_view::npos) throw std::invalid_argument{"a {{ without its }}"};
    filled.append(value_of(text.substr(start + opening.size(), end - start - opening.size())));
    text.remove_prefix(end + closing.size());
  }
}

void check(std::string_view text, std::span<const std::string> names) {
  fill(text, [&](std::string_view name) -> std::string {
    if (std::ranges::find(names, name) != names.end()) return {};
    throw std::invalid_argument{"there is no {{" + on_one_line(name) + "}} here"};
  });
}

}  // namespace

MailTemplate MailTemplate::parse(std::string_view text, std::span<const std::string> names) {
  std::string lines{text};
  std::erase(lines, '\r');
  const auto first_end = lines.find('\n');
  if (!lines.starts_with(head) || first_end == std::string::npos || lines.substr(first_end, 2) != "\n\n") {
    throw std::invalid_argument{"a mail template starts with a line \"Subject: …\" and an empty line"};
  }
  MailTemplate parsed;
  parsed.text_ = {lines.substr(head.size(), first_end - head.size()), lines.substr(first_end + 2)};
  while (parsed.text_.body.ends_with('\n')) parsed.text_.body.pop_back();
  check(parsed.text_.subject, names);
  check(parsed.text_.body, names);
  return parsed;
}

MailTemplate::Text MailTemplate::render(const Values& values) const {
  const auto value_of = [&](std::string_view name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string{} : on_one_line(found->second);
  };
  return {fill(text_.subject, value_of), fill(text_.body, value_of)};
}

}  // namespace orderly::reactions
