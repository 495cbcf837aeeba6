// The records of a CSV file (RFC 4180; a byte order mark and CRLF are fine), each with the number of the line that it
// begins on. What is no CSV costs one line: it is given with a problem, and reading goes on at the next line, so that a
// quote that is never closed does not take the rest of the file with it. (libcsv stops there, and counts no lines.)
// At most some 256 KiB of memory, whatever the file. Threads: one. Failures: none of its own, but what `source` throws.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::cli::importing {

inline constexpr std::size_t max_record_bytes = 65'536;

struct CsvRecord {
  std::int64_t line = 0;  // the file's first line is 1
  std::vector<std::string> fields;
  std::string problem;  // why this is no record; empty when all is well, and the fields count
};

class CsvReader {
 public:
  using Source = std::function<std::size_t(std::span<char>)>;  // fills a part of it; 0: the end
  explicit CsvReader(Source source);

  bool next(CsvRecord& record);  // false: the end

 private:
  void fill();
  void skip_line();

  Source source_;
  std::string buffer_;
  std::size_t at_ = 0;  // what is before was given
  bool at_end_ = false;
  std::int64_t line_ = 1;
};

}  // namespace orderly::cli::importing
