#include "storage/line_index.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <stdexcept>

#include "storage/id_entry.h"

namespace orderly::storage {
namespace {

constexpr std::uint64_t entries_a_page = 220;  // on average; 253 fill one of SQLite's pages
constexpr int index_bits = 24;
constexpr std::size_t runs_a_merge = 8;
constexpr int last_tier = 3;  // its runs are not merged any more
constexpr std::size_t least_stale_entries = 8'192;

std::uint64_t pages_of(std::uint64_t entries) { return (entries + entries_a_page - 1) / entries_a_page; }

// 0 below 1,024 entries, then one more for each factor of eight.
int tier_of(std::uint64_t entries) {
  int tier = 0;
  for (std::uint64_t most = 1'024; entries >= most && tier < last_tier; most *= 8) ++tier;
  return tier;
}

domain::LinePlace place_of(const LineIndex::Entry& entry) {
  return {entry.place >> index_bits, static_cast<std::uint32_t>(entry.place & ((1U << index_bits) - 1))};
}

void append_entries(std::string_view page, std::vector<LineIndex::Entry>& entries) {
  const std::size_t before = entries.size();
  entries.resize(before + page.size() / sizeof(LineIndex::Entry));
  std::memcpy(entries.data() + before, page.data(), (entries.size() - before) * sizeof(LineIndex::Entry));
}

}  // namespace

LineIndex::Entry LineIndex::make_entry(std::uint64_t hash, domain::LinePlace place) {
  if (place.index >> index_bits != 0) throw std::logic_error{"a segment with more lines than can be indexed"};
  return {hash, place.segment << index_bits | place.index};
}

LineIndex::LineIndex(LineTables& tables, std::int64_t stream)
    : tables_(tables), stream_(stream), runs_(tables.runs_of(stream)) {
  for (const Run& run : runs_) entries_ += run.entries;
}

void LineIndex::find(std::uint64_t hash, std::vector<domain::LinePlace>& places) const {
  const LineFilter::Key key{hash};
  for (const Run& run : runs_ | std::views::reverse) {
    if (run.filter.may_hold(key)) find_on_disk(run, hash, places);
  }
}

void LineIndex::find_on_disk(const Run& run, std::uint64_t hash, std::vector<domain::LinePlace>& places) const {
  std::string page;
  tables_.read_page(run.first_page + part_of(hash, pages_of(run.entries)), page);
  std::vector<Entry> entries;
  append_entries(page, entries);
  for (const Entry& entry : std::ranges::equal_range(entries, hash, {}, &Entry::hash))
    places.push_back(place_of(entry));
}

void LineIndex::add(std::vector<Entry> entries) {
  std::ranges::sort(entries, {}, &Entry::hash);
  write(entries);
}

void LineIndex::tidy(const std::function<bool(domain::LinePlace)>& is_live, std::size_t live) {
  for (int tier = 0; tier < last_tier; ++tier) {
    const auto in_tier = [tier](const Run& run) { return tier_of(run.entries) == tier; };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(runs_, in_tier));
    if (count >= runs_a_merge) merge(in_tier, is_live);
  }
  // One at a time, the one that was written longest ago: so all have their turn.
  if (entries_ > 2 * live + least_stale_entries) {
    merge([oldest = runs_.front().first_page](const Run& run) { return run.first_page == oldest; }, is_live);
  }
}

void LineIndex::merge(const std::function<bool(const Run&)>& is_part,
                      const std::function<bool(domain::LinePlace)>& is_live) {
  std::vector<Entry> entries;
  for (const Run& run : runs_) {
    if (!is_part(run)) continue;
    const auto middle = static_cast<std::ptrdiff_t>(entries.size());
    read(run, entries);
    std::ranges::inplace_merge(entries, entries.begin() + middle, {}, &Entry::hash);
    tables_.remove_pages(run.first_page, pages_of(run.entries));
    tables_.remove_run(run.first_page);
    entries_ -= run.entries;
  }
  std::erase_if(runs_, is_part);
  std::erase_if(entries, [&](const Entry& entry) { return !is_live(place_of(entry)); });
  write(entries);
}

// A run's pages are in the order of hashes, and so are the entries of each.
void LineIndex::read(const Run& run, std::vector<Entry>& entries) const {
  std::string page;
  const std::size_t before = entries.size();
  for (std::uint64_t number = 0; number < pages_of(run.entries); ++number) {
    tables_.read_page(run.first_page + number, page);
    append_entries(page, entries);
  }
  if (entries.size() - before != run.entries) {
    throw std::runtime_error{"the store is damaged: the size of run " + std::to_string(run.first_page)};
  }
}

void LineIndex::write(std::span<const Entry> entries) {
  if (entries.empty()) return;
  Run run{tables_.reserve(pages_of(entries.size())), entries.size(), LineFilter{entries.size()}};
  for (const Entry& entry : entries) run.filter.add(LineFilter::Key{entry.hash});
  write_pages(run, entries);
  tables_.write_run(stream_, run);
  entries_ += run.entries;
  runs_.push_back(std::move(run));
}

void LineIndex::write_pages(const Run& run, std::span<const Entry> entries) {
  const std::uint64_t pages = pages_of(run.entries);
  for (std::uint64_t page = 0; page < pages; ++page) {
    const auto end = std::ranges::find_if(entries, [&](const Entry& e) { return part_of(e.hash, pages) != page; });
    const auto size = static_cast<std::size_t>(end - entries.begin());
    tables_.write_page(run.first_page + page, std::as_bytes(entries.first(size)));
    entries = entries.subspan(size);
  }
}

std::size_t LineIndex::approximate_bytes() const {
  std::size_t bytes = runs_.capacity() * sizeof(Run);
  for (const Run& run : runs_) bytes += run.filter.bytes();
  return bytes;
}

}  // namespace orderly::storage
