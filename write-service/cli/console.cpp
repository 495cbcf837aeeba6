#include "cli/console.h"

#include <unistd.h>

#include <iostream>

namespace orderly::cli {
namespace {

bool wants_colours(const std::map<std::string, std::string>& environment) {
  const auto no_color = environment.find("NO_COLOR");
  const auto term = environment.find("TERM");
  return (no_color == environment.end() || no_color->second.empty()) &&
         (term == environment.end() || term->second != "dumb");
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::plain:
      return "";
    case Colour::bold:
      return "\x1b[1m";
    case Colour::dim:
      return "\x1b[2m";
    case Colour::red:
      return "\x1b[31m";
    case Colour::green:
      return "\x1b[32m";
    case Colour::yellow:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

Console::Console(std::ostream& out_stream, std::ostream& err_stream, Terminals terminals,
                 const std::map<std::string, std::string>& environment)
    : out(out_stream), err(err_stream), terminals_(terminals), colours_(terminals.out && wants_colours(environment)) {}

Console Console::standard(const std::map<std::string, std::string>& environment) {
  return Console{std::cout, std::cerr, {isatty(STDOUT_FILENO) != 0, isatty(STDERR_FILENO) != 0}, environment};
}

std::string Console::paint(Colour colour, std::string_view text) const {
  if (!colours_ || colour == Colour::plain) return std::string{text};
  return std::string{code_of(colour)}.append(text).append("\x1b[0m");
}

}  // namespace orderly::cli
