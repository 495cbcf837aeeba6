// Who runs a shard, for all to see: a claim, kept as the metadata of an offset in the watermarks' group and renewed with a
// growing beat while its process lives. Whoever comes from another directory waits for as long as the beat grows; a
// process that restarts on its own directory, which a file lock keeps for one alone, goes on at once.
//
//   claim = "1 " directory " " instance " " state " " place      the beat is the offset itself
//
// Threads: Ownership any, an Owner its relay's. Failures: an unreadable claim is none; Ownership::of throws where the directory's id cannot be kept.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace orderly::kafka {

struct Claim {
  std::string directory;  // a random id that is kept in the data directory
  std::string instance;   // of the process, for one shard
  std::string place;      // for people: host, process and directory
  bool released = false;  // its process ended in order
  std::int64_t beat = 0;
  bool operator==(const Claim&) const = default;
};

std::string to_metadata(const Claim& claim);
std::optional<Claim> parse_claim(std::string_view metadata, std::int64_t beat);

// One process's part for one shard; lives longer than the clients that it claims with.
struct Owner {
  Claim claim;
  std::string topic;            // with the partition the place of the claim's offset
  std::int32_t partition = 0;
  std::chrono::milliseconds lease{10'000};       // so long without a beat, and the claim's process counts as dead
  std::chrono::milliseconds renew_every{3'000};
  bool held = false;            // this process has claimed before
};

// Whether somebody else's life must be looked at first, before the owner may claim.
bool may_be_alive(const std::optional<Claim>& found, const Owner& owner);

// The owners of one process, one for each shard. Made at the first asking, when the directory is there.
class Ownership {
 public:
  Ownership(std::filesystem::path directory, std::string topic, std::chrono::milliseconds lease)
      : directory_(std::move(directory)), topic_(std::move(topic)), lease_(lease) {}
  std::shared_ptr<Owner> of(std::int32_t shard);

 private:
  std::string directory_id() const;

  const std::filesystem::path directory_;
  const std::string topic_;
  const std::chrono::milliseconds lease_;
  std::mutex mutex_;
  std::map<std::int32_t, std::shared_ptr<Owner>> owners_;
};

}  // namespace orderly::kafka
