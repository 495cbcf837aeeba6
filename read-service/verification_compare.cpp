#include "read-service/verification_compare.h"

#include <algorithm>
#include <stdexcept>

#include "common/http/uri.h"
#include "common/sqlite/database.h"

namespace orderly::read {
namespace {

constexpr std::size_t most_differences = 100;  // shown of a view; all are counted
constexpr std::size_t most_text = 400;         // of a row

struct Table {
  std::string name;
  std::vector<std::string> key, others;  // columns
};

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

std::vector<Table> tables_of(sqlite::Database& db) {
  std::vector<Table> tables;
  sqlite::Statement names{db,
                          "SELECT name FROM replayed.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                          "AND name NOT IN ('store', 'checkpoints') ORDER BY name"};
  while (names.step()) tables.push_back({std::string{names.text(0)}, {}, {}});
  sqlite::Statement columns{db, "SELECT name, pk FROM pragma_table_info(?1, 'replayed') ORDER BY pk, cid"};
  for (auto& table : tables) {
    columns.bind(table.name);
    while (columns.step()) (columns.integer(1) > 0 ? table.key : table.others).emplace_back(columns.text(0));
    if (table.key.empty()) throw std::logic_error{"table " + table.name + " has no primary key"};
  }
  return tables;
}

// prefix.a || text of each column, with what stands between them.
template <class Write>
std::string listed(const std::vector<std::string>& columns, const char* between, const Write& write) {
  std::string sql;
  for (const auto& column : columns) sql += (sql.empty() ? "" : between) + write(quoted(column));
  return sql;
}

// As text that JSON can hold, however the row was altered.
std::string shortened(std::string text) {
  if (!http::is_utf8(text))
    std::ranges::replace_if(
        text, [](char c) { return (c & 0x80) != 0; }, '?');
  if (text.size() <= most_text) return text;
  auto end = most_text;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "…";
}

// name=value of each column; with `other`, those alone whose value differs from the one there.
std::string values(const std::vector<std::string>& names, const sqlite::Statement& row, int from, int other = -1) {
  std::string text;
  for (int i = 0; i < std::ssize(names); ++i) {
    const auto value = row.text(from + i);
    if (other >= 0 && value == row.text(other + i)) continue;
    text.append(text.empty() ? "" : " ").append(names.at(static_cast<std::size_t>(i))).append(1, '=').append(value);
  }
  return shortened(std::move(text));
}

class Comparer {
 public:
  Comparer(sqlite::Database& db, bool may_lack, VerifiedView& found) : db_(db), may_lack_(may_lack), found_(found) {}

  // A table or an index that somebody took away or added.
  void compare_schemas() {
    sqlite::Statement row{db_,
                          "SELECT l.name, r.name, coalesce(l.sql, ''), coalesce(r.sql, '') FROM "
                          "main.sqlite_schema l FULL JOIN replayed.sqlite_schema r ON l.type = r.type AND l.name = "
                          "r.name WHERE l.sql IS NOT r.sql OR l.name IS NULL OR r.name IS NULL"};
    while (row.step()) {
      const auto name = row.text(row.is_null(0) ? 1 : 0);
      if (name.starts_with("sqlite_")) continue;  // the database's own, such as statistics
      note({"sqlite_schema", std::string{name}, shortened(std::string{row.text(2)}),
            shortened(std::string{row.text(3)})});
    }
  }

  void compare(const Table& table) {
    found_.rows += db_.query_integer("SELECT count(*) FROM main." + quoted(table.name));
    compare_live(table);
    sqlite::Statement missing{db_, query(table, "r", "l") + " WHERE l." + quoted(table.key[0]) + " IS NULL"};
    while (missing.step()) note({table.name, values(table.key, missing, 0), "", row_of(table, missing)});
  }

 private:
  // From one side with the other's row of the same key: the key, then every other column of the first and the second.
  static std::string query(const Table& table, const std::string& first, const std::string& second) {
    const auto quote = [](const std::string& side) {
      return [side](const std::string& column) { return "quote(" + side + '.' + column + ')'; };
    };
    const auto schema = [](const std::string& side) { return side == "l" ? "main." : "replayed."; };
    std::string sql = "SELECT " + listed(table.key, ", ", quote(first));
    for (const auto& side : {first, second}) {
      if (!table.others.empty()) sql += ", " + listed(table.others, ", ", quote(side));
    }
    return sql + ", " + second + '.' + quoted(table.key[0]) + " IS NULL FROM " + schema(first) + quoted(table.name) +
           ' ' + first + " LEFT JOIN " + schema(second) + quoted(table.name) + ' ' + second + " ON " +
           listed(table.key, " AND ", [&](const std::string& c) { return first + '.' + c + " = " + second + '.' + c; });
  }

  void compare_live(const Table& table) {
    std::string differs = "r." + quoted(table.key[0]) + " IS NULL";
    if (!table.others.empty()) {
      differs += " OR " + listed(table.others, " OR ", [](const auto& c) { return "l." + c + " IS NOT r." + c; });
    }
    sqlite::Statement row{db_, query(table, "l", "r") + " WHERE " + differs};
    const auto keys = static_cast<int>(table.key.size()), others = static_cast<int>(table.others.size());
    while (row.step()) {
      const bool only_live = row.integer(keys + 2 * others) != 0;
      if (only_live && may_lack_) {
        ++found_.rows_not_compared;
        --found_.rows;
      } else if (only_live) {
        note({table.name, values(table.key, row, 0), row_of(table, row), ""});
      } else {
        note({table.name, values(table.key, row, 0), values(table.others, row, keys, keys + others),
              values(table.others, row, keys + others, keys)});
      }
    }
  }

  // A row that is there once: what stands beside its key, or where nothing does, that it is there.
  static std::string row_of(const Table& table, const sqlite::Statement& row) {
    return table.others.empty() ? "there" : values(table.others, row, static_cast<int>(table.key.size()));
  }

  void note(Difference difference) {
    ++found_.differing_rows;
    if (found_.differences.size() < most_differences) found_.differences.push_back(std::move(difference));
  }

  sqlite::Database& db_;
  const bool may_lack_;
  VerifiedView& found_;
};

}  // namespace

void compare(const Comparison& files, std::atomic<bool>& stop, VerifiedView& found) {
  sqlite::Database db{files.live, sqlite::OpenMode::read_only};
  db.interrupt_when(stop);
  sqlite::Statement{db, "ATTACH ?1 AS replayed"}.run(files.replayed.string());
  Comparer comparer{db, files.may_lack, found};
  comparer.compare_schemas();
  for (const auto& table : tables_of(db)) comparer.compare(table);
}

}  // namespace orderly::read
