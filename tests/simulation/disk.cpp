#include "simulation/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "simulation/vfs.h"

namespace orderly::simulation {
namespace {

constexpr std::size_t sector_bytes = 512;

void apply(std::string& to, std::size_t offset, std::string_view bytes) {
  if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size());
  std::ranges::copy(bytes, to.begin() + static_cast<std::ptrdiff_t>(offset));
}

// Sector by sector, some of it.
void apply_torn(std::string& to, const Inode::Write& write, Random& random) {
  for (std::size_t from = 0; from < write.bytes.size();) {
    const auto length = std::min(sector_bytes - (write.offset + from) % sector_bytes, write.bytes.size() - from);
    if (random.chance(50)) apply(to, write.offset + from, std::string_view{write.bytes}.substr(from, length));
    from += length;
  }
}

}  // namespace

void Inode::write(std::size_t offset, std::string_view bytes) {
  apply(data, offset, bytes);
  pending.push_back({offset, std::string{bytes}, false});
}

void Inode::truncate(std::size_t size) {
  if (size >= data.size()) return;
  data.resize(size);
  pending.push_back({size, {}, true});
}

void Inode::sync() {
  for (const auto& write : pending) {
    if (write.truncates) {
      durable.resize(write.offset);
    } else {
      apply(durable, write.offset, write.bytes);
    }
  }
  pending.clear();
}

// The disk may have written any of it by then, in any order, and the last of it in part.
void Inode::lose_power(Random& random) {
  const int kept_percent = std::array{0, 0, 50, 90, 100}[static_cast<std::size_t>(random.pick(0, 4))];
  for (const auto& write : pending) {
    if (!random.chance(kept_percent)) {
      if (kept_percent > 0 && !write.truncates && random.chance(50)) apply_torn(durable, write, random);
    } else if (write.truncates) {
      durable.resize(std::min(durable.size(), write.offset));
    } else {
      apply(durable, write.offset, write.bytes);
    }
  }
  pending.clear();
  data = durable;
}

std::string without_life(const std::string& path) {
  const auto at = path.find('@');
  if (at == std::string::npos) return path;
  const auto end = std::min(path.find('/', at), path.size());
  return path.substr(0, at) + path.substr(end);
}

Disk::Disk(Random& random, std::string mirrored, std::function<std::int64_t()> now_ms)
    : random_(random), mirrored_(std::move(mirrored)), now_ms_(std::move(now_ms)) {
  use_for_sqlite(*this);
}

Disk::~Disk() {
  for (const auto& [path, inode] : names_) {
    if (is_mirrored(path)) ::unlink(path.c_str());
  }
}

void Disk::mirror(const std::string& path) {
  if (!is_mirrored(path)) return;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
}

// What somebody removed from the real file system is removed here too, as durably as a removal is.
bool Disk::was_removed(const std::string& path) const { return is_mirrored(path) && ::access(path.c_str(), F_OK) != 0; }

void Disk::forget_removed(const std::string& path) {
  if (names_.contains(path) && was_removed(path)) names_.erase(path);
}

std::shared_ptr<Inode> Disk::open(const std::string& path, bool create) {
  forget_removed(path);
  if (const auto found = names_.find(path); found != names_.end()) return found->second;
  if (!create) return nullptr;
  mirror(path);
  return names_[path] = std::make_shared<Inode>();
}

bool Disk::exists(const std::string& path) {
  forget_removed(path);
  return names_.contains(path);
}

void Disk::remove(const std::string& path, bool durably) {
  names_.erase(path);
  if (durably) durable_names_.erase(path);
  if (is_mirrored(path)) ::unlink(path.c_str());
}

void Disk::sync(const std::shared_ptr<Inode>& inode, const std::string& path) {
  if (syncs_late && path.ends_with("-wal")) {
    const auto all = inode->pending.size();
    const auto before = std::min(std::exchange(late_[inode.get()], all), all);
    Inode part;
    part.durable = std::move(inode->durable);
    part.pending.assign(inode->pending.begin(), inode->pending.begin() + static_cast<std::ptrdiff_t>(before));
    part.sync();
    inode->durable = std::move(part.durable);
    inode->pending.erase(inode->pending.begin(), inode->pending.begin() + static_cast<std::ptrdiff_t>(before));
    late_[inode.get()] = inode->pending.size();
  } else {
    inode->sync();
  }
  if (path.empty()) return;
  // A journal of names is written in order: with this file all names in its folder are as they are now.
  const auto folder = path.substr(0, path.rfind('/') + 1);
  const auto inside = [&](const auto& entry) { return entry.first.starts_with(folder); };
  std::erase_if(durable_names_, inside);
  for (const auto& entry : names_) {
    if (inside(entry)) durable_names_.insert(entry);
  }
}

void Disk::part_from(const std::string& folder) {
  for (auto& [path, inode] : names_) {
    if (!path.starts_with(folder + '/')) continue;
    auto copy = std::make_shared<Inode>();
    copy->data = inode->data;
    copy->durable = inode->durable;
    copy->pending = inode->pending;
    const auto durable = durable_names_.find(path);
    if (durable != durable_names_.end() && durable->second == inode) durable->second = copy;
    inode = std::move(copy);
  }
}

// Of names that were not synced, made or removed, some are as they were.
void Disk::lose_power(const std::string& folder) {
  const auto inside = [&](const auto& entry) { return entry.first.starts_with(folder + '/'); };
  std::erase_if(names_, [&](const auto& entry) { return inside(entry) && was_removed(entry.first); });
  std::erase_if(names_, [&](const auto& entry) {
    if (!inside(entry)) return false;
    const auto durable = durable_names_.find(entry.first);
    const bool stays = (durable != durable_names_.end() && durable->second == entry.second) || random_.chance(50);
    if (!stays && is_mirrored(entry.first)) ::unlink(entry.first.c_str());
    return !stays;
  });
  for (const auto& entry : durable_names_) {
    if (!inside(entry) || names_.contains(entry.first) || random_.chance(50)) continue;
    mirror(entry.first);
    names_.insert(entry);
  }
  std::erase_if(durable_names_, inside);
  for (const auto& entry : names_) {
    if (!inside(entry)) continue;
    entry.second->lose_power(random_);
    durable_names_.insert(entry);
  }
}

}  // namespace orderly::simulation
