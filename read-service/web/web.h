// The files of this folder that the service serves as they are, put into the program at build time.
// Threads: any. Failures: file() throws std::out_of_range for a name that is none of them.
#pragma once

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace orderly::read::web {

struct File {
  std::string_view name;  // without its folder
  std::string_view text;
};

std::span<const File> files();

inline std::string_view file(std::string_view name) {
  const auto found = std::ranges::find(files(), name, &File::name);
  if (found == files().end()) throw std::out_of_range{"there is no file " + std::string{name}};
  return found->text;
}

}  // namespace orderly::read::web
