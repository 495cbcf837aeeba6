// Where a sub-command writes: results to `out`, everything else to `err`; colours on a terminal only, never with
// NO_COLOR set (https://no-color.org). Threads: one. Failures: none.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>

namespace orderly::cli {

enum class Colour { plain, bold, dim, red, green, yellow };

class Console {
 public:
  struct Terminals {
    bool out = false;
    bool err = false;
  };
  Console(std::ostream& out_stream, std::ostream& err_stream, Terminals terminals,
          const std::map<std::string, std::string>& environment);

  // The process's standard output and error.
  static Console standard(const std::map<std::string, std::string>& environment);

  std::ostream& out;
  std::ostream& err;

  bool err_is_terminal() const { return terminals_.err; }
  std::string paint(Colour colour, std::string_view text) const;  // for `out`

 private:
  Terminals terminals_;
  bool colours_ = false;
};

}  // namespace orderly::cli
