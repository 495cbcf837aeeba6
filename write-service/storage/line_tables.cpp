#include "storage/line_tables.h"

#include <stdexcept>
#include <utility>

namespace orderly::storage {

LineTables::LineTables(sqlite::Database& db)
    : insert_page_(db, "INSERT INTO line_pages(page, data) VALUES (?1, ?2)"),
      select_page_(db, "SELECT data FROM line_pages WHERE page = ?1"),
      delete_pages_(db, "DELETE FROM line_pages WHERE page >= ?1 AND page < ?2"),
      insert_run_(db, "INSERT INTO line_runs(first_page, stream, entries, filter) VALUES (?1, ?2, ?3, ?4)"),
      select_runs_(db, "SELECT first_page, entries, filter FROM line_runs WHERE stream = ?1 ORDER BY first_page"),
      delete_run_(db, "DELETE FROM line_runs WHERE first_page = ?1"),
      next_page_(static_cast<std::uint64_t>(db.query_integer("SELECT coalesce(max(page), 0) + 1 FROM line_pages"))) {}

std::uint64_t LineTables::reserve(std::uint64_t pages) { return std::exchange(next_page_, next_page_ + pages); }

void LineTables::read_page(std::uint64_t page, std::string& data) {
  const bool found = select_page_.bind(page).step();
  if (found) data.assign(select_page_.blob(0));
  select_page_.reset();
  if (!found) {
    throw std::runtime_error{"the store is damaged: page " + std::to_string(page) + " of archived lines is missing"};
  }
}

std::vector<LineTables::Run> LineTables::runs_of(std::int64_t stream) {
  std::vector<Run> runs;
  select_runs_.bind(stream);
  while (select_runs_.step()) {
    runs.push_back({static_cast<std::uint64_t>(select_runs_.integer(0)),
                    static_cast<std::uint64_t>(select_runs_.integer(1)), LineFilter{select_runs_.blob(2)}});
  }
  select_runs_.reset();
  return runs;
}

void LineTables::write_run(std::int64_t stream, const Run& run) {
  insert_run_.run(run.first_page, stream, run.entries, run.filter.blob());
}

}  // namespace orderly::storage
