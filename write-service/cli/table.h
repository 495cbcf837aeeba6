// Rows in aligned columns: numbers to the right, the last column never padded, a header line where columns have names.
// Cells are made one line each and cut to their column's width. Threads: one. Failures: a row of another size asserts.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "cli/console.h"

namespace orderly::cli {

enum class Align { left, right };

struct Column {
  std::string name;
  Align align = Align::left;
  std::size_t max_width = std::numeric_limits<std::size_t>::max();  // characters
};

struct Cell {
  Cell(std::string cell_text, Colour cell_colour = Colour::plain) : text(std::move(cell_text)), colour(cell_colour) {}
  Cell(const char* cell_text) : text(cell_text) {}
  std::string text;
  Colour colour = Colour::plain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  void print(const Console& console) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Name and value, a line each, the values under one another. Without names in the header.
Table property_table();

}  // namespace orderly::cli
