// What waits in the outbox of a sealed store: read back after a restart, and by nobody once it is out.
#include "storage/outbox_seal.h"

#include <catch2/catch.hpp>

#include "delivery/in_memory_system.h"
#include "storage/folder_content.h"

using namespace orderly;
using storage::UnitOfWork;

namespace {

constexpr Lane lane = 1;

struct SealedStore {
  test::TemporaryDirectory data, keys;
  UnitOfWork::Options options() const {
    UnitOfWork::Options options;
    options.customer_keys = keys.path();
    return options;
  }
  std::unique_ptr<UnitOfWork> open() const {
    return std::make_unique<UnitOfWork>(data.path(), storage::ShardPlace{0, 1}, options());
  }
};

void send(UnitOfWork& work, const std::string& text) {
  work.outbox().pending()[lane] = {1, text};
  work.commit();
}

std::vector<std::string> waiting(UnitOfWork& work) {
  std::vector<std::string> texts;
  for (const auto& chunk : work.chunks_from(lane, work.lane(lane).published)) texts.push_back(chunk->messages);
  return texts;
}

std::string stored(UnitOfWork& work) {
  return work.database().query_text("SELECT group_concat(hex(messages)) FROM outbox");
}

}  // namespace

TEST_CASE("what waits in a sealed store's outbox is read after a restart, and stands nowhere in the clear") {
  const SealedStore store;
  auto work = store.open();
  send(*work, "for ann, one");
  send(*work, "for ann, two");
  CHECK(waiting(*work) == std::vector<std::string>{"for ann, one", "for ann, two"});
  CHECK(test::files_with("for ann", store.data.path()).empty());
  work.reset();
  send(*store.open(), "for ann, three");
  work = store.open();
  CHECK(waiting(*work) == std::vector<std::string>{"for ann, one", "for ann, two", "for ann, three"});
}

TEST_CASE("once it is out its key is destroyed: a copy of the store that was made before cannot be read") {
  const SealedStore store;
  auto work = store.open();
  for (const auto* text : {"one", "two", "three"}) send(*work, text);
  work.reset();
  const test::TemporaryDirectory copy;
  std::filesystem::copy(store.data.path(), copy.path());
  work = store.open();
  work->published(lane, 2);
  work->commit();
  CHECK(waiting(*work) == std::vector<std::string>{"three"});
  work.reset();

  UnitOfWork restored{copy.path(), {0, 1}, store.options()};
  CHECK(waiting(restored) == std::vector<std::string>{"", "", "three"});
  send(restored, "four");
  CHECK(waiting(restored) == std::vector<std::string>{"", "", "three", "four"});
}

TEST_CASE("a batch that is rolled back costs no key, and equal messages never look alike") {
  const SealedStore store;
  auto work = store.open();
  work->outbox().pending()[lane] = {1, "lost"};
  work->rollback();
  send(*work, "same");
  const auto first = stored(*work);
  work->published(lane, 1);
  work->commit();
  send(*work, "same");
  CHECK(stored(*work) != first);
  CHECK(waiting(*work) == std::vector<std::string>{"same"});
}

TEST_CASE("a sealed store is opened with its own keys or not at all") {
  const SealedStore store;
  send(*store.open(), "for ann");
  CHECK_THROWS_AS(UnitOfWork(store.data.path(), storage::ShardPlace{0, 1}, {}), storage::StoreMismatch);
  const SealedStore other;
  CHECK_THROWS_AS(UnitOfWork(store.data.path(), storage::ShardPlace{0, 1}, other.options()), storage::StoreMismatch);
  const test::TemporaryDirectory clear;
  { UnitOfWork open{clear.path(), {0, 1}, {}}; }
  CHECK_THROWS_AS(UnitOfWork(clear.path(), storage::ShardPlace{0, 1}, store.options()), storage::StoreMismatch);
  CHECK(waiting(*store.open()) == std::vector<std::string>{"for ann"});
}
