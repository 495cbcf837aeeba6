// One generation of a view on disk: DATA/views/<name>.<generation>.db. Rows, checkpoint and stream versions change in
// one transaction, so that whatever happens an event counts once. Threads: one at a time. Failures: apply() throws and
// has changed nothing; the message says which event.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "common/sqlite/figures.h"
#include "read-service/positions.h"
#include "read-service/view.h"

namespace orderly::read {

struct Applied {
  Changes changes;
  std::map<std::string, std::size_t, std::less<>> events_by_type;
  std::vector<Time> caused_at;  // of the events applied, where they say
  std::size_t repeated = 0;     // versions that the view had already
  std::size_t gaps = 0;         // versions that came with an earlier one missing
  std::optional<std::chrono::steady_clock::duration> applying, committing;  // where there was something to do
};

class ViewStore {
 public:
  // Makes the tables when the file is new. Throws when the file is of another schema version.
  ViewStore(const ViewDefinition& definition, std::filesystem::path file);

  // Those of the view's topics; what was applied before (its offset is behind the checkpoint) is passed over.
  Applied apply(std::span<const PublishedEvent> events);

  const Positions& positions() const { return positions_; }
  const std::filesystem::path& file() const { return file_; }
  sqlite::Figures figures() const { return sqlite::figures_of(db_); }

  // The end of the store: its tables, to be asked. For one in memory, which nobody else can open.
  Reader into_reader() &&;

  // Whether it has once held all that there was; until then it is not served. Of several such files of a view the one
  // with the highest rank is.
  bool is_complete();
  void mark_complete(int rank = 1);

 private:
  class StreamVersions;
  void apply_one(const PublishedEvent& event, StreamVersions& streams, Applied& applied);

  const ViewDefinition& definition_;
  const std::filesystem::path file_;
  sqlite::Database db_;
  Positions positions_;
  std::unique_ptr<Projection> projection_;
  std::unique_ptr<sqlite::Statement> save_position_, read_stream_, save_stream_;
};

// The schema version of a file, and its rank if it is complete; nothing when the tables are not there yet.
struct StoreState {
  int schema_version = 0;
  int rank = 0;  // 0: not complete
};
std::optional<StoreState> inspect_store(const std::filesystem::path& file);

}  // namespace orderly::read
