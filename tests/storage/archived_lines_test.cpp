// Lines that left memory, in a real store: archived, read, rolled back, restarted, rewritten. Beside each store a plain
// product without an archive goes through the same events; the two must decide alike.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "delivery/in_memory_system.h"
#include "lines_of.h"
#include "storage/stored_events.pb.h"

using namespace orderly;
using namespace orderly::storage;
using domain::Product;
using orderly::test::TemporaryDirectory;
using orderly::testing::lines_of;

namespace {

std::string id_of(int number) {
  std::string id = "0190a1b2-c3d4-7e5f-8a9b-" + std::to_string(100'000'000'000 + number);
  std::ranges::reverse(id);
  return id;
}

class Shop {
 public:
  explicit Shop(std::size_t least_snapshot_bytes = 4'096) {
    options_.least_snapshot_bytes = least_snapshot_bytes;
    open();
  }

  void open() {
    work_.reset();
    work_ = std::make_unique<UnitOfWork>(directory_.path(), ShardPlace{0, 1}, options_);
  }
  // As the handler does; the plain product must decide the same.
  void run(const Product::Command& command) {
    auto& live = work_->aggregates().load<Product>("LAMP");
    const auto decision = Product::decide(live.state, command, from_unix_ms(0));
    const auto expected = Product::decide(plain_, command, from_unix_ms(0));
    if (decision != expected) FAIL("a product with archived lines decides otherwise");
    if (!decision) return;
    Envelope cause;
    cause.id = cause.correlation_id = "c" + std::to_string(++commands_);
    std::uint64_t number = 0;
    for (const auto& event : *decision) {
      work_->append(live, cause, number++, EventCodec<Product>::encode(event));
      Product::evolve(live.state, event);
      Product::evolve(plain_, event);
    }
  }
  void commit() {
    work_->commit();
    committed_ = Product::snapshot(plain_);
  }
  void roll_back() {
    work_->rollback();
    plain_ = Product::restore(Product::Snapshot{committed_});
  }
  void allocate(int from, int to, int a_commit = 100) {
    for (int line = from; line < to; ++line) {
      run(domain::Allocate{id_of(line), "LAMP", 1, false});
      if ((line + 1) % a_commit == 0) commit();
    }
    commit();
  }
  void deallocate(int from, int to) {
    for (int line = from; line < to; ++line) {
      run(domain::Deallocate{id_of(line), "LAMP"});
      if ((line + 1) % 100 == 0) commit();
    }
    commit();
  }
  void check_same() {
    CHECK(product().lines.size() == plain_.lines.size());
    CHECK(lines_of(product()) == lines_of(plain_));
  }

  const Product::State& product() { return work_->aggregates().load<Product>("LAMP").state; }
  std::int64_t count(const std::string& of) { return work_->database().query_integer("SELECT count(*) FROM " + of); }
  sqlite::Database& database() { return work_->database(); }
  UnitOfWork& work() { return *work_; }

 private:
  TemporaryDirectory directory_;
  UnitOfWork::Options options_;
  std::unique_ptr<UnitOfWork> work_;
  Product::State plain_;
  Product::Snapshot committed_;
  int commands_ = 0;
};

const domain::CreateBatch much{"b1", "LAMP", 1'000'000, {}};

}  // namespace

TEST_CASE("lines that left memory are read again, before and after a restart") {
  Shop shop;
  shop.run(much);
  shop.allocate(0, 3'000);
  CHECK(shop.product().lines.hot().size() < 300);
  CHECK(shop.count("line_pages") > 30);
  shop.check_same();
  shop.open();
  CHECK(shop.product().lines.hot().size() < 300);
  shop.check_same();
  CHECK(Product::allocated_batch(shop.product(), id_of(7)) == "b1");
  CHECK_FALSE(Product::allocated_batch(shop.product(), id_of(3'000)));
  CHECK(Product::approximate_bytes(shop.product()) < 60'000);
}

TEST_CASE("a snapshot that fails leaves lines, segments and index as they were") {
  Shop shop;
  shop.run(much);
  shop.allocate(0, 1'000);
  const auto pages = shop.count("line_pages");
  shop.database().execute(
      "CREATE TEMP TRIGGER no_space BEFORE UPDATE ON lanes BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  for (int line = 1'000; line < 1'500; ++line) shop.run(domain::Allocate{id_of(line), "LAMP", 1, false});
  CHECK_THROWS_WITH(shop.work().commit(), Catch::Contains("disk full"));
  shop.roll_back();
  shop.database().execute("DROP TRIGGER no_space");
  CHECK(shop.count("line_pages") == pages);
  shop.check_same();
  shop.allocate(1'000, 1'500);
  CHECK(shop.count("line_pages") > pages);
  shop.check_same();
  shop.open();
  shop.check_same();
}

TEST_CASE("what is over leaves the disk as well") {
  Shop shop;
  shop.run(much);
  shop.allocate(0, 4'000);
  const auto pages = shop.count("line_pages");
  const auto kept_bytes = Product::approximate_bytes(shop.product());
  shop.deallocate(0, 1'000);
  for (int line = 1'000; line < 4'000; line += 100) shop.deallocate(line, line + 99);
  shop.allocate(10'000, 10'400);
  shop.check_same();
  CHECK(shop.count("line_pages") < pages / 2);
  CHECK(shop.product().lines.archived().segments.size() < 10);
  CHECK(Product::approximate_bytes(shop.product()) < kept_bytes + 20'000);
  shop.open();
  shop.check_same();
  shop.allocate(0, 500);  // the same orders ask again
  shop.check_same();
}

TEST_CASE("what is over leaves the index: in a long life it does not grow with all that ever was") {
  Shop shop;
  shop.run(much);
  for (int line = 0; line < 40'000; line += 500) {
    shop.allocate(line, line + 500, 500);
    if (line >= 2'000) shop.deallocate(line - 2'000, line - 1'500);
  }
  shop.check_same();
  const auto entries = shop.database().query_integer("SELECT sum(entries) FROM line_runs");
  CAPTURE(entries, shop.count("line_runs"), shop.count("line_pages"));
  CHECK(entries < 15'000);
  CHECK(shop.count("line_runs") < 24);
  CHECK(shop.count("line_pages") < 300);
}

TEST_CASE("a new order's line is decided without a look at the archive") {
  Shop shop;
  shop.run(much);
  shop.allocate(0, 5'000);
  shop.database().execute("DELETE FROM line_pages");
  int looks = 0;
  bool any_found = false;
  for (int line = 5'000; line < 6'000; ++line) {
    try {
      any_found = shop.product().lines.find(id_of(line)).has_value() || any_found;
    } catch (const std::runtime_error&) {
      ++looks;  // a filter's wrong yes
    }
  }
  CHECK_FALSE(any_found);
  CHECK(looks < 20);
  CHECK_THROWS_WITH(shop.product().lines.find(id_of(1)),
                    Catch::Contains("the store is damaged: page") && Catch::Contains("of archived lines is missing"));
}

TEST_CASE("a queue of many leaves memory, and is served in order") {
  Shop shop;
  shop.run(much);
  shop.run(domain::ChangeBatchQuantity{"b1", 0, "LAMP"});
  for (int line = 0; line < 2'000; ++line) {
    shop.run(domain::Allocate{id_of(line), "LAMP", 2, true});
    if (line % 100 == 0) shop.commit();
  }
  shop.commit();
  CHECK(shop.product().lines.hot().size() < 500);
  shop.open();
  shop.run(domain::ChangeBatchQuantity{"b1", 1'000, "LAMP"});
  shop.commit();
  shop.check_same();
  shop.run(domain::ChangeBatchQuantity{"b1", 500, "LAMP"});
  shop.run(domain::CreateBatch{"b2", "LAMP", 4'000, {}});
  shop.commit();
  shop.check_same();
  CHECK_FALSE(shop.product().lines.anyone_waits());
}

TEST_CASE("a snapshot of before is read, and its lines leave memory with the next one") {
  Shop shop;
  shop.run(much);
  shop.commit();
  stored::ProductSnapshot before;
  auto& batch = *before.add_batches();
  batch.set_batch_ref("b1");
  batch.set_quantity(1'000'000);
  for (std::uint64_t line = 1; line <= 500; ++line) {
    auto& added = *before.add_lines();
    added.set_order_id(id_of(-static_cast<int>(line)));
    added.set_quantity(1);
    added.set_arrived(line);
  }
  before.set_next_arrival(501);
  sqlite::Statement{shop.database(), "INSERT INTO snapshots(stream, version, position, data) VALUES (1, 1, 1, ?1)"}.run(
      sqlite::as_blob(before.SerializeAsString()));
  shop.open();
  CHECK(shop.product().lines.hot().size() == 500);
  for (int line = 0; line < 2'000; ++line) {
    auto& live = shop.work().aggregates().load<Product>("LAMP");
    const domain::Allocated event{id_of(line), "LAMP", 1, "b1", false};
    shop.work().append(live, {}, 0, EventCodec<Product>::encode(event));
    Product::evolve(live.state, event);
    if (line % 100 == 0) shop.work().commit();
  }
  CHECK(shop.product().lines.hot().size() < 1'000);
  shop.work().commit();
  shop.open();
  CHECK(shop.product().lines.size() == 2'500);
  CHECK(Product::allocated_batch(shop.product(), id_of(-500)) == "b1");
  CHECK(shop.product().batches.room(0) == 1'000'000 - 2'500);
}

TEST_CASE("random histories with restarts and rollbacks: a store decides as memory does") {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    Shop shop{1'024};
    std::mt19937 random{seed};
    const auto number = [&](int least, int most) { return std::uniform_int_distribution{least, most}(random); };
    const auto order = [&] { return id_of(number(1, 2'000)); };
    const auto ref = [&] { return "b" + std::to_string(number(1, 5)); };
    for (int i = 0; i < 8'000; ++i) {
      const int kind = number(0, 999);
      if (kind < 2)
        shop.run(domain::CreateBatch{ref(), "LAMP", number(100, 3'000), {}});
      else if (kind < 650)
        shop.run(domain::Allocate{order(), "LAMP", number(1, 3), number(0, 2) > 0, number(0, 3) == 0});
      else if (kind < 996)
        shop.run(domain::Deallocate{order(), "LAMP"});
      else
        shop.run(domain::ChangeBatchQuantity{ref(), number(0, 3'000), "LAMP"});
      const int then = number(0, 999);
      if (then < 30) shop.commit();
      if (then == 30) shop.roll_back();
      if (then == 31) shop.commit(), shop.open();
      if (then == 32) shop.check_same();
    }
    shop.commit();
    shop.open();
    shop.check_same();
  }
}
