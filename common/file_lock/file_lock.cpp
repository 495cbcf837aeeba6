#include "common/file_lock/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace orderly {

FileLock::FileLock(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), "cannot open " + file.string()};
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  close(descriptor_);
  if (reason == EWOULDBLOCK) throw std::runtime_error{"another process holds " + file.string()};
  throw std::system_error{reason, std::generic_category(), "cannot lock " + file.string()};
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace orderly
