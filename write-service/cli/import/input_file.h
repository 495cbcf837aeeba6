// The bytes of a file, unpacked when it is an xz file (by its first bytes, whatever its name). Threads: one.
// Failures: std::runtime_error that names the file, when it cannot be read or is damaged.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace orderly::cli::importing {

class InputFile {
 public:
  explicit InputFile(std::string path);
  ~InputFile();

  std::size_t read(std::span<char> into);  // 0: the end

  double fraction() const;  // of the file's bytes, 0 to 1

  // Of the packed bytes: the same file gives the same text.
  static std::string fingerprint(const std::string& path);

 private:
  struct Unpacker;
  std::size_t read_packed(std::span<char> into);
  std::size_t unpack(std::span<char> into);
  [[noreturn]] void fail(const std::string& reason) const;

  std::string path_;
  std::ifstream file_;
  std::int64_t bytes_ = 0, bytes_read_ = 0;
  std::unique_ptr<Unpacker> unpacker_;  // none: the bytes are as they stand
};

}  // namespace orderly::cli::importing
