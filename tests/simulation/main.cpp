// simulation --seeds A-B [--mutant NAME] [--history] [--hashes] [--at-most-s N]: runs the seeds and prints what came of
// them. Exit 0: as wanted, which is no violation, or with a mutant that it was found; 1: not; 2: a wrong option.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <span>
#include <stdexcept>

#include "simulation/world.h"

namespace orderly::simulation {
namespace {

struct Arguments {
  std::uint64_t first = 1, last = 100;
  Mutant mutant = Mutant::none;
  bool history = false, hashes = false;
  std::uint64_t at_most_s = 1'000'000;
};

class WrongOption : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw WrongOption{"a number is wanted, not \"" + std::string{text} + '"'};
  return value;
}

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--history" || word == "--hashes") {
      (word == "--history" ? arguments.history : arguments.hashes) = true;
      continue;
    }
    if (++i == words.size()) throw WrongOption{std::string{word} + ": a value is missing, or no such option"};
    const std::string_view value = words[i];
    if (word == "--seeds") {
      const auto dash = std::min(value.find('-'), value.size());
      arguments.first = number(value.substr(0, dash));
      arguments.last = dash == value.size() ? arguments.first : number(value.substr(dash + 1));
    } else if (word == "--at-most-s") {
      arguments.at_most_s = number(value);
    } else if (word == "--mutant") {
      const auto mutant = mutant_of(value);
      if (!mutant) throw WrongOption{"--mutant: there is none called " + std::string{value}};
      arguments.mutant = *mutant;
    } else {
      throw WrongOption{std::string{word} + ": no such option"};
    }
  }
  return arguments;
}

// Real files are empty and few, but they must not meet a disk.
std::string folder() {
  const std::string memory = "/dev/shm";
  const auto parent = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path().string();
  return parent + "/orderly-simulation-" + std::to_string(getpid());
}

void print(const World& world, const std::vector<std::string>& violations, std::uint64_t seed, bool history) {
  if (history) {
    for (const auto& line : world.history().lines()) std::cout << "  " << line << '\n';
  }
  for (const auto& violation : violations) std::cout << "  VIOLATION " << violation << '\n';
  std::cout << "seed " << seed << ": history " << std::hex << world.history().hash() << std::dec << ", "
            << violations.size() << " violations" << std::endl;
}

struct Outcome {
  std::uint64_t runs = 0, failed = 0, last_seed = 0;
  Counts counts;
};

// Until the seeds, the time or the patience with violations are at their end.
Outcome run_seeds(const Arguments& arguments, const std::string& where) {
  constexpr std::uint64_t most_failed = 5;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{arguments.at_most_s};
  Outcome outcome;
  for (auto seed = arguments.first; seed <= arguments.last && std::chrono::steady_clock::now() < until; ++seed) {
    World world{{seed, arguments.mutant, where}};
    const auto violations = world.run();
    outcome.counts.add(world.counts());
    outcome.last_seed = seed;
    ++outcome.runs;
    const bool looked_at = arguments.history || arguments.first == arguments.last;
    const bool surprising = !violations.empty() && arguments.mutant == Mutant::none;
    if (!violations.empty() || looked_at || arguments.hashes) print(world, violations, seed, looked_at || surprising);
    if (violations.empty()) continue;
    ++outcome.failed;
    if (arguments.mutant != Mutant::none || outcome.failed == most_failed) break;
  }
  return outcome;
}

int run(const Arguments& arguments) {
  const auto started = std::chrono::steady_clock::now();
  const auto where = folder();
  std::filesystem::create_directories(where);
  const auto outcome = run_seeds(arguments, where);
  std::filesystem::remove_all(where);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const auto& counts = outcome.counts;
  std::cout << outcome.runs << " seeds, " << outcome.failed << " with violations, in " << took.count() << " s ("
            << took.count() * 1e3 / static_cast<double>(std::max<std::uint64_t>(1, outcome.runs))
            << " ms each): " << counts.commands << " commands, " << counts.kills << " kills, " << counts.power_losses
            << " power losses, " << counts.zombies << " zombies, " << counts.time_outs << " time-outs, "
            << counts.late_requests + counts.fenced << " late requests, " << counts.fenced << " of them fenced\n";
  if (arguments.mutant == Mutant::none) return outcome.failed == 0 ? 0 : 1;
  if (outcome.failed == 0) {
    std::cout << "the mutant is NOT found\n";
    return 1;
  }
  std::cout << "the mutant is found at seed " << outcome.last_seed << '\n';
  return 0;
}

}  // namespace
}  // namespace orderly::simulation

int main(int count, char** words) try {
  using namespace orderly::simulation;
  return run(parse({words, static_cast<std::size_t>(count)}));
} catch (const std::runtime_error& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
