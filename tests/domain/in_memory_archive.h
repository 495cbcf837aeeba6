// Archived lines in memory, for tests: archives that share `Lines` are one store opened again and again. It does all
// that a store may do: opened again it gives the number of a segment that is gone, places of dead lines and of other
// orders turn up. What a store must not be asked throws, and so fails the test. For one thread.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "domain/line_archive.h"

namespace orderly::testing {

class InMemoryArchive final : public domain::LineArchive {
 public:
  struct Lines {
    std::map<std::uint64_t, std::vector<domain::OpenLine>> segments;
    std::vector<std::pair<std::string, domain::LinePlace>> index;
  };
  explicit InMemoryArchive(std::shared_ptr<Lines> lines) : lines_(std::move(lines)) {
    if (!lines_->segments.empty()) next_segment_ = lines_->segments.rbegin()->first + 1;
  }

  std::vector<domain::LinePlace> find(std::string_view order_id) const override {
    std::vector<domain::LinePlace> places;
    for (const auto& [id, place] : lines_->index) {
      if (id.back() == order_id.back()) places.push_back(place);
    }
    return places;
  }
  domain::OpenLine read(domain::LinePlace place) const override {
    return lines_->segments.at(place.segment).at(place.index);
  }

  std::uint64_t next_segment() const override { return next_segment_; }
  void add(const std::vector<domain::OpenLine>& lines) override {
    if (lines.empty()) throw std::logic_error{"a segment without lines"};
    const std::uint64_t segment = next_segment_++;
    for (std::uint32_t index = 0; index < lines.size(); ++index) {
      lines_->index.push_back({lines[index].order_id, {segment, index}});
    }
    lines_->segments.emplace(segment, lines);
  }
  void remove(std::uint64_t segment, std::uint32_t lines) override {
    if (lines_->segments.at(segment).size() != lines) throw std::logic_error{"a segment's size is another"};
    lines_->segments.erase(segment);
  }
  void tidy(const std::function<bool(domain::LinePlace)>& is_live, std::size_t live) override {
    std::size_t found = 0;
    for (const auto& [segment, lines] : lines_->segments) {
      for (std::uint32_t index = 0; index < lines.size(); ++index) found += is_live({segment, index}) ? 1U : 0U;
    }
    if (found != live) throw std::logic_error{"the number of live lines is another"};
    if (lines_->index.size() > 2 * live + 100) {
      std::erase_if(lines_->index, [&](const auto& entry) { return !is_live(entry.second); });
    }
  }
  std::size_t approximate_bytes() const override { return 0; }

 private:
  std::shared_ptr<Lines> lines_;
  std::uint64_t next_segment_ = 1;
};

}  // namespace orderly::testing
