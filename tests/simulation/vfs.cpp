#include "simulation/vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "simulation/disk.h"

namespace orderly::simulation {
namespace {

Disk* disk = nullptr;

// One open file of one connection.
struct Handle {
  std::string path;
  std::shared_ptr<Inode> inode;
  std::shared_ptr<Life> life;
  int level = SQLITE_LOCK_NONE;
  bool mapped = false;
  std::array<bool, 8> shared{}, exclusive{};

  bool dead() const { return life && !life->goes_on(); }
};

struct File {
  sqlite3_file base;
  Handle* handle;
};

Handle& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->handle; }

int unlock(sqlite3_file* file, int level) {
  Handle& handle = of(file);
  Inode& inode = *handle.inode;
  if (level >= handle.level) return SQLITE_OK;
  if (inode.exclusive == &handle) inode.exclusive = nullptr;
  if (inode.reserved == &handle) inode.reserved = nullptr;
  if (level == SQLITE_LOCK_NONE) --inode.shared;
  handle.level = level;
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
  Handle& handle = of(file);
  Inode& inode = *handle.inode;
  if (level <= handle.level) return SQLITE_OK;
  if (handle.dead()) return SQLITE_IOERR_LOCK;
  const auto others = [&](const void* holder) { return holder != nullptr && holder != &handle; };
  if (others(inode.exclusive)) return SQLITE_BUSY;
  if (handle.level == SQLITE_LOCK_NONE) ++inode.shared;
  handle.level = std::max(handle.level, SQLITE_LOCK_SHARED);
  if (level == SQLITE_LOCK_SHARED) return SQLITE_OK;
  if (others(inode.reserved)) return SQLITE_BUSY;
  inode.reserved = &handle;
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    if (inode.shared > 1) return SQLITE_BUSY;
    inode.exclusive = &handle;
  }
  handle.level = level;
  return SQLITE_OK;
}

int is_reserved(sqlite3_file* file, int* result) {
  *result = of(file).inode->reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int release_shared_memory(sqlite3_file* file, int) {
  Handle& handle = of(file);
  Inode& inode = *handle.inode;
  if (!handle.mapped) return SQLITE_OK;
  for (std::size_t i = 0; i < handle.shared.size(); ++i) {
    if (std::exchange(handle.shared[i], false)) --inode.region_shared[i];
    if (std::exchange(handle.exclusive[i], false)) inode.region_exclusive[i] = nullptr;
  }
  handle.mapped = false;
  if (--inode.mapped == 0) inode.regions.clear();
  return SQLITE_OK;
}

int close(sqlite3_file* file) {
  release_shared_memory(file, 0);
  unlock(file, SQLITE_LOCK_NONE);
  delete reinterpret_cast<File*>(file)->handle;
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  Handle& handle = of(file);
  if (handle.life && !handle.life->alive) return SQLITE_IOERR_READ;
  const auto& data = handle.inode->data;
  const auto from = static_cast<std::size_t>(offset), wanted = static_cast<std::size_t>(amount);
  const auto there = from < data.size() ? std::min(wanted, data.size() - from) : 0;
  std::memcpy(to, data.data() + std::min(from, data.size()), there);
  if (there == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  Handle& handle = of(file);
  if (handle.dead()) return SQLITE_IOERR_WRITE;
  if (handle.life && handle.life->disk_fails()) return SQLITE_FULL;
  handle.inode->write(static_cast<std::size_t>(offset),
                      {static_cast<const char*>(from), static_cast<std::size_t>(amount)});
  return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle& handle = of(file);
  if (handle.dead()) return SQLITE_IOERR_TRUNCATE;
  handle.inode->truncate(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int sync(sqlite3_file* file, int) {
  Handle& handle = of(file);
  if (handle.dead()) return SQLITE_IOERR_FSYNC;
  if (handle.life && handle.life->disk_fails()) return SQLITE_IOERR_FSYNC;
  disk->sync(handle.inode, handle.path);
  return SQLITE_OK;
}

int size(sqlite3_file* file, sqlite3_int64* bytes) {
  *bytes = static_cast<sqlite3_int64>(of(file).inode->data.size());
  return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int map_shared_memory(sqlite3_file* file, int region, int bytes, int extend, void volatile** to) {
  Handle& handle = of(file);
  Inode& inode = *handle.inode;
  *to = nullptr;
  if (handle.life && !handle.life->alive) return SQLITE_IOERR_SHMMAP;
  if (!std::exchange(handle.mapped, true)) ++inode.mapped;
  const auto index = static_cast<std::size_t>(region);
  if (bytes != static_cast<int>(sizeof(*inode.regions[0]))) return SQLITE_IOERR_SHMSIZE;
  while (extend != 0 && inode.regions.size() <= index) {
    inode.regions.push_back(std::make_unique<std::array<char, 32768>>());
  }
  if (index < inode.regions.size()) *to = inode.regions[index]->data();
  return SQLITE_OK;
}

int lock_region(Handle& handle, std::size_t i, bool exclusive) {
  Inode& inode = *handle.inode;
  if (inode.region_exclusive[i] != nullptr && inode.region_exclusive[i] != &handle) return SQLITE_BUSY;
  if (exclusive) {
    if (inode.region_shared[i] > (handle.shared[i] ? 1 : 0)) return SQLITE_BUSY;
    inode.region_exclusive[i] = &handle;
    handle.exclusive[i] = true;
  } else if (!std::exchange(handle.shared[i], true)) {
    ++inode.region_shared[i];
  }
  return SQLITE_OK;
}

int lock_shared_memory(sqlite3_file* file, int offset, int count, int flags) {
  Handle& handle = of(file);
  Inode& inode = *handle.inode;
  const auto first = static_cast<std::size_t>(offset), end = first + static_cast<std::size_t>(count);
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (auto i = first; i < end; ++i) {
      if (!exclusive && std::exchange(handle.shared[i], false)) --inode.region_shared[i];
      if (exclusive && std::exchange(handle.exclusive[i], false)) inode.region_exclusive[i] = nullptr;
    }
    return SQLITE_OK;
  }
  if (handle.life && !handle.life->alive) return SQLITE_IOERR_SHMLOCK;
  for (auto i = first; i < end; ++i) {
    if (const int code = lock_region(handle, i, exclusive); code != SQLITE_OK) {
      lock_shared_memory(file, offset, static_cast<int>(i - first),
                         SQLITE_SHM_UNLOCK | (exclusive ? SQLITE_SHM_EXCLUSIVE : SQLITE_SHM_SHARED));
      return code;
    }
  }
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

const sqlite3_io_methods methods{2,
                                 close,
                                 read,
                                 write,
                                 truncate,
                                 sync,
                                 size,
                                 lock,
                                 unlock,
                                 is_reserved,
                                 control,
                                 sector_size,
                                 characteristics,
                                 map_shared_memory,
                                 lock_shared_memory,
                                 barrier,
                                 release_shared_memory,
                                 nullptr,
                                 nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  const auto& life = disk->running();
  if (life && !life->goes_on()) return SQLITE_CANTOPEN;
  const std::string path = name == nullptr ? "" : without_life(name);
  auto inode = path.empty() ? std::make_shared<Inode>() : disk->open(path, (flags & SQLITE_OPEN_CREATE) != 0);
  if (!inode) return SQLITE_CANTOPEN;
  reinterpret_cast<File*>(file)->handle = new Handle{path, std::move(inode), life};
  file->pMethods = &methods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs*, const char* name, int sync_folder) {
  if (disk->running() && !disk->running()->goes_on()) return SQLITE_IOERR_DELETE;
  const auto path = without_life(name);
  if (!disk->exists(path)) return SQLITE_IOERR_DELETE_NOENT;
  disk->remove(path, sync_folder != 0);
  return SQLITE_OK;
}

int access_file(sqlite3_vfs*, const char* name, int, int* result) {
  *result = disk->exists(without_life(name)) ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int size, char* to) {
  sqlite3_snprintf(size, to, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int count, char* to) {
  for (int i = 0; i < count; ++i) to[i] = static_cast<char>(disk->random().next());
  return count;
}

int sleep_for(sqlite3_vfs*, int microseconds) { return microseconds; }

int time_of_day(sqlite3_vfs*, sqlite3_int64* julian_ms) {
  constexpr sqlite3_int64 unix_epoch = 210'866'760'000'000;
  *julian_ms = unix_epoch + disk->now_ms();
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

sqlite3_vfs vfs() {
  sqlite3_vfs made{};
  made.iVersion = 2;
  made.szOsFile = sizeof(File);
  made.mxPathname = 1024;
  made.zName = "simulation";
  made.xOpen = open_file;
  made.xDelete = remove_file;
  made.xAccess = access_file;
  made.xFullPathname = full_name;
  made.xRandomness = randomness;
  made.xSleep = sleep_for;
  made.xCurrentTimeInt64 = time_of_day;
  made.xGetLastError = last_error;
  return made;
}

}  // namespace

void use_for_sqlite(Disk& to) {
  static sqlite3_vfs ours = vfs();
  static const int registered = [] {
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_initialize();
    return sqlite3_vfs_register(&ours, 1);
  }();
  if (registered != SQLITE_OK) throw std::runtime_error{"SQLite does not take another file system"};
  disk = &to;
  sqlite3_randomness(0, nullptr);  // its generator begins anew, from our chance
}

}  // namespace orderly::simulation
