// Every input that fuzzing has kept, through its target again: what once crashed stays mended.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/targets.h"

using namespace orderly::fuzz;

TEST_CASE("every kept input is taken as its target promises") {
  for (const auto& [name, target] : targets) {
    std::size_t inputs = 0;
    for (const auto& file : std::filesystem::directory_iterator{std::filesystem::path{ORDERLY_FUZZ_CORPUS} / name}) {
      INFO(file.path());
      std::ifstream stream{file.path(), std::ios::binary};
      const std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
      target(bytes);
      ++inputs;
    }
    INFO(name);
    CHECK(inputs > 0);
  }
}
