// A product's snapshot holds all that its next decisions depend on, and one that contradicts itself is not restored.
#include "domain/product.h"
#include "given.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;

Product::Snapshot good() {
  Product::Snapshot snapshot;
  snapshot.batches = {{"b1", 10, {}}, {"b2", 5, Date{std::chrono::year{2026}, std::chrono::May, std::chrono::day{2}}}};
  snapshot.lines = {{"o1", 4, false, 1, 0}, {"o3", 6, true, 3, 0}, {"o2", 5, true, 2, 1}};
  snapshot.waiting = {{"o4", 9, true, 4, 0}};
  snapshot.next_arrival = 5;
  return snapshot;
}

void check_refused(void (*spoil)(Product::Snapshot&)) {
  Product::Snapshot snapshot = good();
  spoil(snapshot);
  CHECK_THROWS_AS(Product::restore(std::move(snapshot)), std::invalid_argument);
}

}  // namespace

TEST_CASE("A snapshot of a restored snapshot is the same", "[product]") {
  CHECK(Product::snapshot(Product::restore(good())) == good());
  CHECK(Product::snapshot(Product::restore({})) == Product::Snapshot{});
}

TEST_CASE("A restored product knows its lines", "[product]") {
  const Product::State state = Product::restore(good());
  CHECK(Product::allocated_batch(state, "o2") == "b2");
  CHECK(Product::allocated_batch(state, "o4") == std::nullopt);
  CHECK(state.lines.size() == 4);
}

TEST_CASE("A snapshot that contradicts itself is not restored", "[product]") {
  check_refused([](Product::Snapshot& s) { s.batches[1].batch_ref = "b1"; });
  check_refused([](Product::Snapshot& s) { s.batches[1].quantity = -1; });
  check_refused([](Product::Snapshot& s) { s.batches[1].eta = Date{}; });
  check_refused([](Product::Snapshot& s) { s.batches[0].quantity = 9; });
  check_refused([](Product::Snapshot& s) { s.lines[0].batch = 2; });
  check_refused([](Product::Snapshot& s) { s.lines[0].order_id = "o2"; });
  check_refused([](Product::Snapshot& s) { s.waiting[0].order_id = "o2"; });
  check_refused([](Product::Snapshot& s) { s.waiting[0].quantity = 0; });
  check_refused([](Product::Snapshot& s) { s.next_arrival = 4; });
}

TEST_CASE("A product's size follows its lines", "[product]") {
  const auto bytes_with = [](int lines) {
    Product::State state;
    Product::evolve(state, BatchCreated{"b1", "LAMP", 1'000'000, {}});
    for (int i = 0; i < lines; ++i) {
      const std::string order = "0190a1b2-c3d4-7e5f-8a9b-" + std::to_string(100'000'000'000 + i);
      Product::evolve(state, Allocated{order, "LAMP", 1, "b1", false});
    }
    return static_cast<double>(Product::approximate_bytes(state));
  };
  const double a_line = (bytes_with(100'000) - bytes_with(0)) / 100'000;
  CHECK(a_line > 100);
  CHECK(a_line < 150);
}
