// What happened in a run, line by line, and a hash of it all: two runs of one seed must have the same.
// Threads: one. Failures: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::simulation {

class History {
 public:
  // `private_name` is left out of every line: it is another one in another process.
  explicit History(std::string private_name) : private_name_(std::move(private_name)) {}

  void note(std::string line) {
    for (auto at = line.find(private_name_); at != std::string::npos; at = line.find(private_name_)) {
      line.erase(at, private_name_.size());
    }
    add_to_hash(line);
    lines_.push_back(std::move(line));
  }
  // Part of the hash, but not worth a line.
  void add_to_hash(std::string_view bytes) {
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;  // FNV-1a
    hash_ = (hash_ ^ 0xFF) * 0x100000001B3U;
  }
  std::uint64_t hash() const { return hash_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const std::string private_name_;
  std::vector<std::string> lines_;
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

}  // namespace orderly::simulation
