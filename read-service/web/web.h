// The files of this folder that the service serves as they are, put into the program at build time.
// Threads: any. Failures: none.
#pragma once

#include <span>
#include <string_view>

namespace orderly::read::web {

struct File {
  std::string_view name;  // without its folder
  std::string_view text;
};

std::span<const File> files();

}  // namespace orderly::read::web
