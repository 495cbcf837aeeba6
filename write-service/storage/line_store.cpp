#include "storage/line_store.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <span>
#include <stdexcept>

#include "storage/deduplication.h"

namespace orderly::storage {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr std::uint32_t lines_a_page = 96;  // with ids of 36 bytes they fill one of SQLite's pages

std::uint64_t pages_of(std::uint64_t lines) { return (lines + lines_a_page - 1) / lines_a_page; }

void put_varint(std::string& out, std::uint64_t value) {
  std::uint8_t bytes[10];
  std::uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, bytes);
  out.append(&bytes[0], end);
}

std::string encode_page(std::span<const domain::OpenLine> lines) {
  std::string page;
  std::uint64_t arrived_before = 0;
  for (const domain::OpenLine& line : lines) {
    put_varint(page, line.order_id.size());
    page += line.order_id;
    put_varint(page, static_cast<std::uint64_t>(line.quantity) * 2 + (line.backorder ? 1 : 0));
    put_varint(page, line.batch ? std::uint64_t{*line.batch} + 1 : 0);
    put_varint(page, WireFormatLite::ZigZagEncode64(static_cast<std::int64_t>(line.arrived - arrived_before)));
    arrived_before = line.arrived;
  }
  return page;
}

class PageReader {
 public:
  explicit PageReader(std::string_view page)
      : in_(reinterpret_cast<const std::uint8_t*>(page.data()), static_cast<int>(page.size())) {}

  domain::OpenLine line(std::uint32_t index) {
    domain::OpenLine line;
    for (std::uint32_t at = 0; good_ && at < index; ++at) next(nullptr, line);
    if (good_) next(&line.order_id, line);
    if (!good_) throw std::runtime_error{"the store is damaged: a page of lines ends too early"};
    return line;
  }

 private:
  void next(std::string* id, domain::OpenLine& line) {
    const auto size = static_cast<int>(varint());
    good_ = good_ && (id != nullptr ? in_.ReadString(id, size) : in_.Skip(size));
    const std::uint64_t quantity = varint();
    line.quantity = static_cast<std::int64_t>(quantity / 2);
    line.backorder = quantity % 2 != 0;
    const std::uint64_t batch = varint();
    line.batch.reset();
    if (batch > 0) line.batch = static_cast<domain::BatchNumber>(batch - 1);
    line.arrived += static_cast<std::uint64_t>(WireFormatLite::ZigZagDecode64(varint()));
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    good_ = good_ && in_.ReadVarint64(&value);
    return value;
  }

  CodedInputStream in_;
  bool good_ = true;
};

}  // namespace

std::vector<domain::LinePlace> LineStore::find(std::string_view order_id) const {
  const std::uint64_t hash = hash_of_id(order_id);
  if (found_hash_ != hash) {
    found_hash_.reset();
    found_.clear();
    index_.find(hash, found_);
    found_hash_ = hash;
  }
  return found_;
}

domain::OpenLine LineStore::read(domain::LinePlace place) const {
  const std::uint64_t page = place.segment + place.index / lines_a_page;
  if (page != page_number_) {
    page_number_ = 0;
    tables_.read_page(page, page_);
    page_number_ = page;
  }
  return PageReader{page_}.line(place.index % lines_a_page);
}

void LineStore::add(const std::vector<domain::OpenLine>& lines) {
  const std::uint64_t segment = tables_.reserve(pages_of(lines.size()));
  std::vector<LineIndex::Entry> entries;
  entries.reserve(lines.size());
  for (std::uint32_t index = 0; index < lines.size(); ++index) {
    entries.push_back(LineIndex::make_entry(hash_of_id(lines[index].order_id), {segment, index}));
  }
  std::span<const domain::OpenLine> left{lines};
  for (std::uint64_t page = segment; !left.empty(); ++page) {
    const auto size = std::min<std::size_t>(left.size(), lines_a_page);
    tables_.write_page(page, sqlite::as_blob(encode_page(left.first(size))));
    left = left.subspan(size);
  }
  index_.add(std::move(entries));
  found_hash_.reset();
}

void LineStore::remove(std::uint64_t segment, std::uint32_t lines) { tables_.remove_pages(segment, pages_of(lines)); }

void LineStore::tidy(const std::function<bool(domain::LinePlace)>& is_live, std::size_t live) {
  index_.tidy(is_live, live);
}

std::size_t LineStore::approximate_bytes() const {
  return sizeof(LineStore) + index_.approximate_bytes() + page_.capacity();
}

}  // namespace orderly::storage
