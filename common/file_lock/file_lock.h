// An exclusive lock on a file for as long as the object lives; the kernel lets go of it when the process dies, however.
// Threads: any. Failure: std::runtime_error that names the file and says that another process holds it.
#pragma once

#include <filesystem>

namespace orderly {

class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& file);  // made when it is not there
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace orderly
