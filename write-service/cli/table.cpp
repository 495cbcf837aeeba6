#include "cli/table.h"

#include <algorithm>
#include <cassert>
#include <ostream>

#include "cli/text.h"

namespace orderly::cli {
namespace {

constexpr std::size_t gap = 2;

void print_row(const Console& console, const std::vector<Column>& columns, const std::vector<std::size_t>& widths,
               const std::vector<Cell>& row) {
  std::string line;
  std::size_t owed = 0;  // spaces, written only when something follows
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto& [text, colour] = row[i];
    const auto padding = widths[i] - length(text);
    if (columns[i].align == Align::right) owed += padding;
    if (!text.empty()) {
      line.append(owed, ' ').append(console.paint(colour, text));
      owed = 0;
    }
    if (columns[i].align == Align::left) owed += padding;
    owed += gap;
  }
  console.out << line << '\n';
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  for (std::size_t i = 0; i < row.size(); ++i) row[i].text = shortened(one_line(row[i].text), columns_[i].max_width);
  rows_.push_back(std::move(row));
}

void Table::print(const Console& console) const {
  std::vector<std::size_t> widths;
  std::vector<Cell> header;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = length(columns_[i].name);
    for (const auto& row : rows_) width = std::max(width, length(row[i].text));
    widths.push_back(width);
    header.emplace_back(columns_[i].name, Colour::bold);
  }
  const bool named = std::ranges::any_of(columns_, [](const Column& column) { return !column.name.empty(); });
  if (named) print_row(console, columns_, widths, header);
  for (const auto& row : rows_) print_row(console, columns_, widths, row);
}

Table property_table() { return Table{{{.name = ""}, {.name = ""}}}; }

}  // namespace orderly::cli
