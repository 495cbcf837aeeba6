// What stands in a folder's files, for tests that search it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::test {

inline std::string content_of_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::vector<std::string> files_with(std::string_view text, const std::filesystem::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const bool holds = entry.is_regular_file() && content_of_file(entry.path()).find(text) != std::string::npos;
    if (holds) found.push_back(entry.path().filename().string());
  }
  return found;
}

}  // namespace orderly::test
