#include "cli/import/csv_reader.h"

#include <algorithm>

namespace orderly::cli::importing {
namespace {

constexpr std::size_t read_ahead_bytes = 4 * max_record_bytes;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

enum class In { start_of_field, plain, quoted, closed };

// One record at the front of some text.
class Scan {
 public:
  Scan(std::string_view text, bool is_whole, CsvRecord& record) : text_(text), is_whole_(is_whole), record_(record) {}

  // How many bytes the record takes; 0: there is a problem.
  std::size_t run() {
    record_.fields.assign(1, {});
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (in_ == In::quoted) {
        if (c == '"')
          in_ = In::closed;
        else
          field().push_back(c);
      } else if (c == '\n') {
        return end_at(i + 1);
      } else if (!take_outside_quotes(c, i)) {
        return 0;
      }
    }
    return end_of_text();
  }

 private:
  std::string& field() { return record_.fields.back(); }

  bool take_outside_quotes(char c, std::size_t i) {
    if (c == ',') {
      record_.fields.emplace_back();
      in_ = In::start_of_field;
    } else if (c == '"' && in_ == In::start_of_field) {
      in_ = In::quoted;
    } else if (c == '"' && in_ == In::closed) {  // two quotes inside quotes stand for one
      field().push_back(c);
      in_ = In::quoted;
    } else if (in_ != In::closed) {
      field().push_back(c);
      in_ = In::plain;
    } else if (c != '\r' || i + 1 >= text_.size() || text_[i + 1] != '\n') {
      record_.problem = "text after a closing quote";
      return false;
    }
    return true;
  }

  std::size_t end_at(std::size_t bytes) {
    if (in_ == In::plain && field().ends_with('\r')) field().pop_back();
    return bytes;
  }

  std::size_t end_of_text() {
    if (is_whole_ && in_ != In::quoted) return end_at(text_.size());
    record_.problem = in_ == In::quoted ? "a quote that is not closed" : "longer than 65536 bytes";
    return 0;
  }

  std::string_view text_;
  bool is_whole_;
  CsvRecord& record_;
  In in_ = In::start_of_field;
};

}  // namespace

CsvReader::CsvReader(Source source) : source_(std::move(source)) {
  fill();
  if (buffer_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
}

bool CsvReader::next(CsvRecord& record) {
  fill();
  if (at_ == buffer_.size()) return false;
  record.line = line_;
  record.problem.clear();
  const auto text = std::string_view{buffer_}.substr(at_, max_record_bytes);
  const auto bytes = Scan{text, at_end_ && at_ + text.size() == buffer_.size(), record}.run();
  if (record.problem.empty()) {
    line_ += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes), '\n');
    at_ += bytes;
  } else {
    record.fields.clear();
    skip_line();
  }
  return true;
}

// After it, the next record is in the buffer as a whole, or is too long, or the file ends.
void CsvReader::fill() {
  if (at_end_ || buffer_.size() - at_ > max_record_bytes) return;
  buffer_.erase(0, at_);
  at_ = 0;
  while (!at_end_ && buffer_.size() < read_ahead_bytes) {
    const auto had = buffer_.size();
    buffer_.resize(read_ahead_bytes);
    const auto more = source_(std::span{buffer_}.subspan(had));
    buffer_.resize(had + more);
    at_end_ = more == 0;
  }
}

void CsvReader::skip_line() {
  ++line_;
  for (;;) {
    const auto end = buffer_.find('\n', at_);
    at_ = end == std::string::npos ? buffer_.size() : end + 1;
    if (end != std::string::npos || at_end_) return;
    fill();
  }
}

}  // namespace orderly::cli::importing
