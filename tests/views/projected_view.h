// A view on a real file, filled from given records and asked through its own queries, without threads or HTTP.
// Threads: one. Failures: what the view throws.
#pragma once

#include "read-service/view_store.h"
#include "tests/views/in_memory_topics.h"
#include "tests/views/temporary_folder.h"

namespace orderly::test {

class ProjectedView {
 public:
  explicit ProjectedView(read::ViewDefinition definition) : definition_(std::move(definition)) { reopen(); }

  // Offsets go on from call to call, unless given.
  read::Applied given(std::vector<Record> records) {
    std::vector<std::pair<std::int64_t, Record>> placed;
    for (auto& record : records) placed.emplace_back(next_offset_++, std::move(record));
    return apply_at(std::move(placed));
  }
  read::Applied apply_at(std::vector<std::pair<std::int64_t, Record>> records) {
    const auto batch = decoder_.decode(to_batch(std::move(records)));
    return store_->apply(batch.events);
  }

  // As after a restart or a crash.
  void reopen() {
    store_.reset();
    store_ = std::make_unique<read::ViewStore>(definition_, folder_.path() / "view.db");
    readers_ = std::make_shared<read::ReaderPool>(store_->file());
  }

  read::Answer resource(const std::string& id) { return definition_.resources.at(0).query(*readers_->borrow(), id); }
  std::string json(const std::string& id) { return resource(id).json.value_or("none"); }
  // What ?as_of= and ?as_of_version= give; "none" where there was nothing.
  std::string json_at(const std::string& id, const std::string& time) {
    return then(id, {.time = parse_rfc3339(time)}).json.value_or("none");
  }
  std::string json_at(const std::string& id, std::int64_t version) {
    return then(id, {.time = std::nullopt, .version = version}).json.value_or("none");
  }
  std::vector<read::ListRow> rows(read::ListRequest request, std::size_t list = 0) {
    if (request.most == 0) request.most = 1'000;
    return definition_.lists.at(list).query(*readers_->borrow(), request).value();
  }
  read::ViewStore& store() { return *store_; }

 private:
  read::Answer then(const std::string& id, const read::AsOf& as_of) {
    return definition_.resources.at(0).as_of(*readers_->borrow(), id, as_of);
  }
  const read::ViewDefinition definition_;
  TemporaryFolder folder_;
  read::EventDecoder decoder_;
  std::int64_t next_offset_ = 0;
  std::unique_ptr<read::ViewStore> store_;
  std::shared_ptr<read::ReaderPool> readers_;
};

}  // namespace orderly::test
