#include "common/sqlite/shared_memory.h"

#include <sqlite3.h>
#include <sys/mman.h>

#include <cerrno>
#include <string_view>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; older ones say EINVAL
#endif

namespace orderly::sqlite {
namespace {

// The methods of SQLite's own files as they were: one constant table of the VFS "unix", whichever file is asked first.
const sqlite3_io_methods& original_methods(const sqlite3_file& file) {
  static const sqlite3_io_methods& methods = *file.pMethods;
  return methods;
}

int map_without_holes(sqlite3_file* file, int region, int bytes, int extend, void volatile** mapped) {
  const int code = original_methods(*file).xShmMap(file, region, bytes, extend, mapped);
  if (code != SQLITE_OK || *mapped == nullptr) return code;
  // Stores into every page by the kernel's hand, which answers where ours would be a signal.
  if (madvise(const_cast<void*>(*mapped), static_cast<std::size_t>(bytes), MADV_POPULATE_WRITE) == 0) return SQLITE_OK;
  if (errno != EFAULT) return SQLITE_OK;
  *mapped = nullptr;  // so that SQLite asks again
  return SQLITE_FULL;
}

const sqlite3_io_methods& guarded_methods(const sqlite3_file& file) {
  static const sqlite3_io_methods methods = [&file] {
    sqlite3_io_methods made = original_methods(file);
    made.xShmMap = map_without_holes;
    return made;
  }();
  return methods;
}

}  // namespace

void guard_shared_memory(sqlite3* db) {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  const bool is_mapped = vfs != nullptr && std::string_view{vfs->zName} == "unix" && file != nullptr &&
                         file->pMethods != nullptr && file->pMethods->iVersion >= 2;
  if (is_mapped && file->pMethods == &original_methods(*file)) file->pMethods = &guarded_methods(*file);
}

}  // namespace orderly::sqlite
