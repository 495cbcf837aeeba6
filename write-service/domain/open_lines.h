// The open lines of one sku, allocated or waiting: the hot ones in memory, the others in an archive, and no difference
// between them for whoever asks. For one thread. A line is known by its place, good until the next change.
// A call that contradicts the state throws std::logic_error and changes nothing; an archive may throw what it throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "domain/archived_lines.h"
#include "domain/hot_lines.h"

namespace orderly::domain {

class OpenLines {
 public:
  std::optional<LinePlace> find(std::string_view order_id) const;
  OpenLine at(LinePlace line) const;
  std::size_t size() const { return hot_.size() + archived_.size(); }

  bool anyone_waits() const { return hot_.first_waiting() || archived_.anyone_waits(); }
  std::optional<LinePlace> first_waiting() const;

  using Visit = ArchivedLines::Visit;  // false: enough
  // The lines of a batch, the one allocated last first.
  void newest_first(BatchNumber batch, const Visit& visit) const;
  // Those who wait, the one that arrived first first.
  void in_queue(const Visit& visit) const;

  // A new line, or one that waits until now.
  void allocate(std::string_view order_id, std::int64_t quantity, bool backorder, BatchNumber batch);
  // A new line at the end of the queue; of a line that waits already nothing changes.
  void wait(std::string_view order_id, std::int64_t quantity);
  // An allocated line loses its batch and waits in its old place.
  void displace(LinePlace line);
  // An allocated line that was to be lost with its batch is to wait instead.
  void promise_backorder(LinePlace line);
  void close(LinePlace line);

  // Without an archive all lines are hot. archive() moves them there when there are enough of them for a segment, which
  // costs memory of its own.
  static constexpr std::size_t enough_to_archive = 128;
  void attach(std::unique_ptr<LineArchive> archive) { archived_.attach(std::move(archive)); }
  bool has_archive() const { return archived_.is_attached(); }
  void archive(std::size_t least_lines = enough_to_archive);

  const HotLines& hot() const { return hot_; }
  const ArchivedLines::Directory& archived() const { return archived_.directory(); }
  std::uint64_t next_arrival() const { return next_arrival_; }
  // For restoring. Lines come in the order of their batch or of the queue; the archived ones after the hot ones.
  void restore(const OpenLine& line);
  void restore(ArchivedLines::Directory&& archived) { archived_.restore(std::move(archived)); }
  void restore_next_arrival(std::uint64_t next) { next_arrival_ = next; }

  std::size_t approximate_bytes() const { return hot_.approximate_bytes() + archived_.approximate_bytes(); }

 private:
  HotLines hot_;
  ArchivedLines archived_;
  std::uint64_t next_arrival_ = 1;
};

}  // namespace orderly::domain
