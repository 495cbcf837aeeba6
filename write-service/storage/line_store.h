// One product's archived lines in the shard's tables: the archive that its OpenLines reads and, at a snapshot, writes.
// Threads: the shard's. Writes go into the open transaction, that of the snapshot; when it rolls back, the aggregate
// and with it this object is thrown away. Failures: sqlite::Error; what cannot be read throws std::runtime_error.
//
// A segment is its first page's number. A page holds 96 lines, so a place says which page, and a look is at one:
//   page := line*    line := varint(length) id  varint(quantity * 2 + backorder)  varint(batch + 1; 0: it waits)
//                            varint(zigzag(arrived - that of the line before, or 0))
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/open_lines.h"
#include "storage/line_index.h"
#include "storage/line_tables.h"

namespace orderly::storage {

class LineStore final : public domain::LineArchive {
 public:
  LineStore(LineTables& tables, std::int64_t stream) : tables_(tables), index_(tables, stream) {}

  std::vector<domain::LinePlace> find(std::string_view order_id) const override;
  domain::OpenLine read(domain::LinePlace place) const override;

  std::uint64_t next_segment() const override { return tables_.next_page(); }
  void add(const std::vector<domain::OpenLine>& lines) override;
  void remove(std::uint64_t segment, std::uint32_t lines) override;
  void tidy(const std::function<bool(domain::LinePlace)>& is_live, std::size_t live) override;

  std::size_t approximate_bytes() const override;

 private:
  LineTables& tables_;
  LineIndex index_;
  mutable std::uint64_t page_number_ = 0;  // of the page read last: who walks over lines reads each page once
  mutable std::string page_;
  mutable std::optional<std::uint64_t> found_hash_;  // looked for last: to decide, and then to evolve
  mutable std::vector<domain::LinePlace> found_;
};

}  // namespace orderly::storage
