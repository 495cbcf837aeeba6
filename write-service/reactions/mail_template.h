// A mail with blanks: the first line is "Subject: …", then an empty line, then the body. {{name}} is filled in, once
// each value is put on one line, so that no value can add a header or a line. Threads: any. Failures: parse throws
// std::invalid_argument with the line; what was parsed renders always.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace orderly::reactions {

class MailTemplate {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;
  struct Text {
    std::string subject, body;
  };

  // `names` are the placeholders that there are.
  static MailTemplate parse(std::string_view text, std::span<const std::string> names);

  // A name without a value stays empty.
  Text render(const Values& values) const;

 private:
  Text text_;
};

}  // namespace orderly::reactions
