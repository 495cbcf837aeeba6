// What a seed makes of one run: how large it is, and how often what goes wrong. Threads: plain values. Failures: none.
#pragma once

#include <cstdint>
#include <string>

#include "simulation/mutants.h"

namespace orderly::simulation {

struct Options {
  std::uint64_t seed = 1;
  Mutant mutant = Mutant::none;
  std::string folder;  // of real files, empty ones, in a file system of memory; this process's own
};

}  // namespace orderly::simulation
