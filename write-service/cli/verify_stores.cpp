#include "cli/verify_stores.h"

#include <array>

#include "common/sqlite/database.h"
#include "topics.h"

namespace orderly::cli {
namespace {

// A view of the events with their streams' names, on each side.
constexpr const char* named_events =
    "CREATE TEMP VIEW live_events AS SELECT e.*, s.name FROM main.events e JOIN main.streams s USING (stream);"
    "CREATE TEMP VIEW replayed_events AS SELECT e.*, s.name FROM replayed.events e JOIN replayed.streams s USING "
    "(stream)";

constexpr const char* differing =
    "SELECT coalesce(l.position, r.position) AS at FROM live_events l FULL JOIN replayed_events r USING (position) "
    "WHERE (l.name, l.version, l.previous, l.type, l.time, l.command_id, l.number, l.correlation_id, l.data, "
    "l.principal) IS NOT (r.name, r.version, r.previous, r.type, r.time, r.command_id, r.number, r.correlation_id, "
    "r.data, r.principal)";

struct Part {
  const char* columns;  // of a query on one side
  const char* table;
  const char* what;
};

// The shard's clock is not replayed, so its lane and what it still has to send are left out.
constexpr std::array parts{
    Part{"topic || ': next offset ' || next_offset || ', next event ' || next_position || ', next outbox message ' || "
         "next_sequence",
         "lanes WHERE lane < 3", "lane"},
    Part{"name || ' at version ' || version || ', ' || published || ' published'", "streams", "stream"},
    Part{"stream || ': ' || command_id || ' (' || claim || ', ' || hex(record) || ')'", "held", "held command"},
};
static_assert(topics::command_topics.size() == 3);

std::optional<EventInStore> event_at(sqlite::Database& db, const std::string& side, std::int64_t position) {
  sqlite::Statement row{db,
                        "SELECT name, version, previous, type, time, command_id, number, correlation_id, data, "
                        "principal FROM " +
                            side + "_events WHERE position = ?1"};
  if (!row.bind(position).step()) return std::nullopt;
  EventInStore found{std::string{row.text(0)}, {}};
  found.event = {position,
                 row.integer(1),
                 row.integer(2),
                 std::string{row.text(3)},
                 row.integer(4),
                 std::string{row.text(5)},
                 row.integer(6),
                 std::string{row.text(row.is_null(7) ? 5 : 7)},
                 std::string{row.blob(8)},
                 std::string{row.text(9)}};
  return found;
}

void compare_events(sqlite::Database& db, StoreComparison& found) {
  found.events = db.query_integer("SELECT count(*) FROM main.events");
  sqlite::Statement lane{db, std::string{"SELECT count(*), min(at) FROM ("} + differing + ") GROUP BY at >> 48"};
  while (lane.step()) {
    found.differing_events += lane.integer(0);
    found.first.push_back({lane.integer(1), {}, {}});
  }
  for (auto& difference : found.first) {
    difference.live = event_at(db, "live", difference.position);
    difference.replayed = event_at(db, "replayed", difference.position);
  }
}

// The first of those that only one side has, and how many there are.
void compare_part(sqlite::Database& db, const Part& part, StoreComparison& found) {
  const auto of = [&](const char* side) {
    return std::string{"SELECT "} + part.columns + " AS row FROM " + side + '.' + part.table;
  };
  for (const auto& [side, other] : {std::pair{"main", "replayed"}, {"replayed", "main"}}) {
    sqlite::Statement row{db, "SELECT count(*), min(row) FROM (" + of(side) + " EXCEPT " + of(other) + ')'};
    if (!row.step() || row.integer(0) == 0) continue;
    found.others.push_back(std::string{part.what} + ' ' + std::string{row.text(1)} +
                           (side == std::string_view{"main"} ? " (in the store alone" : " (in the replay alone") +
                           (row.integer(0) > 1 ? ", and " + std::to_string(row.integer(0) - 1) + " more)" : ")"));
  }
}

}  // namespace

StoreComparison compare_stores(const std::filesystem::path& live, const std::filesystem::path& replayed) {
  sqlite::Database db{live, sqlite::OpenMode::read_only};
  sqlite::Statement{db, "ATTACH ?1 AS replayed"}.run(replayed.string());
  db.execute(named_events);
  StoreComparison found;
  compare_events(db, found);
  for (const auto& part : parts) compare_part(db, part, found);
  return found;
}

}  // namespace orderly::cli
