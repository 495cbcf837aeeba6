#include "common/kafka/ownership.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "common/id/id.h"

namespace orderly::kafka {
namespace {

constexpr const char* id_file = "directory-id";

std::string new_id() {
  std::mt19937_64 random{std::random_device{}()};
  return new_uuid_v7(SystemClock{}.now(), random);
}

std::string place_of(const std::filesystem::path& directory) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string{host.data()} + ", process " + std::to_string(getpid()) + ", " +
         std::filesystem::absolute(directory).string();
}

}  // namespace

std::string to_metadata(const Claim& claim) {
  return "1 " + claim.directory + ' ' + claim.instance + (claim.released ? " released " : " held ") + claim.place;
}

std::optional<Claim> parse_claim(std::string_view metadata, std::int64_t beat) {
  std::istringstream in{std::string{metadata}};
  std::string version, state;
  Claim claim;
  if (!(in >> version >> claim.directory >> claim.instance >> state) || version != "1") return std::nullopt;
  std::getline(in >> std::ws, claim.place);
  claim.released = state == "released";
  claim.beat = beat;
  return claim;
}

bool may_be_alive(const std::optional<Claim>& found, const Owner& owner) {
  if (!found || found->released || found->instance == owner.claim.instance) return false;
  // Its own directory: what claimed before is dead, since it held the shard's lock, unless this process had claimed
  // already; then the other one runs on a copy.
  return owner.held || found->directory != owner.claim.directory;
}

std::shared_ptr<Owner> Ownership::of(std::int32_t shard) {
  const std::lock_guard lock{mutex_};
  auto& owner = owners_[shard];
  if (!owner) {
    auto fresh = std::make_shared<Owner>();
    fresh->claim = {directory_id(), new_id(), place_of(directory_)};
    fresh->topic = topic_;
    fresh->partition = shard;
    fresh->lease = lease_;
    fresh->renew_every = lease_ / 3;
    owner = std::move(fresh);
  }
  return owner;
}

std::string Ownership::directory_id() const {
  const auto file = directory_ / id_file;
  std::string id;
  if (std::ifstream{file} >> id) return id;
  id = new_id();
  // Two shards of one process come here one after the other: the mutex is held.
  std::ofstream out{file};
  if (!(out << id << '\n' << std::flush)) throw std::runtime_error{"cannot write " + file.string()};
  return id;
}

}  // namespace orderly::kafka
