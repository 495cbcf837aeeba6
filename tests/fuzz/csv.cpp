// The import's file: every line is accounted for, and no line costs another.
#include "cli/import/csv_reader.h"

#include <algorithm>

#include "cli/import/order_line.h"
#include "tests/fuzz/targets.h"

namespace orderly::fuzz {

using namespace cli::importing;

void csv(std::string_view bytes) {
  // The first byte says how much comes at once: a record may straddle any two reads.
  const std::size_t at_once = bytes.empty() ? 1 : 1 + static_cast<unsigned char>(bytes.front());
  auto rest = bytes.substr(std::min<std::size_t>(1, bytes.size()));
  CsvReader reader{[&](std::span<char> into) {
    const auto size = std::min({at_once, rest.size(), into.size()});
    std::copy_n(rest.begin(), size, into.begin());
    rest.remove_prefix(size);
    return size;
  }};
  std::int64_t line = 0;
  for (CsvRecord record; reader.next(record);) {
    hold(record.line > line, "lines are numbered upwards");
    line = record.line;
    std::size_t size = 0;
    for (const auto& field : record.fields) size += field.size();
    hold(!record.problem.empty() || size <= max_record_bytes, "a record is bounded");
    if (!record.problem.empty()) continue;
    (void)is_header(record);
    const auto read = read_line(record);
    if (!read) continue;
    hold(!read->invoice.empty() && !read->code.empty(), "a good line names its invoice and its code");
    hold(read->quantity > 0 && read->price_pence >= 0, "a good line's numbers are none below zero");
  }
  hold(rest.empty(), "the whole file is read");
}

}  // namespace orderly::fuzz
