// Lines that left memory: every decision is the one it would have been, and what memory keeps of them stays in order.
#include "domain/in_memory_archive.h"
#include "domain/product_words.h"
#include "given.h"
#include "lines_of.h"

namespace {

using namespace orderly::testing;
using namespace orderly::testing::lamps;

// A product whose history so far is in the archive, but for what happens after archive().
class Archived {
 public:
  explicit Archived(const std::vector<Product::Event>& events) {
    state.lines.attach(std::make_unique<InMemoryArchive>(lines));
    happened(events);
    state.lines.archive(1);
  }
  void happened(const std::vector<Product::Event>& events) {
    for (const auto& event : events) Product::evolve(state, event);
  }
  Outcome<Product> when(const Product::Command& command) const {
    return Outcome<Product>{validate_and_decide<Product>(state, command)};
  }
  std::vector<std::string> orders() const {
    std::vector<std::string> orders;
    for (const OpenLine& line : lines_of(state)) orders.push_back(line.order_id);
    return orders;
  }

  std::shared_ptr<InMemoryArchive::Lines> lines = std::make_shared<InMemoryArchive::Lines>();
  Product::State state;
};

std::vector<Product::Event> many_lines(int count) {
  std::vector<Product::Event> events{batch("b1", 1'000)};
  for (int i = 0; i < count; ++i) events.push_back(allocated("o" + std::to_string(i), 1, "b1"));
  return events;
}

using Orders = std::vector<std::string>;

}  // namespace

TEST_CASE("An archived line is known: the same allocation changes nothing", "[product][archive]") {
  const Archived product{{batch("b1", 20), allocated("o1", 4, "b1")}};
  CHECK(product.state.lines.hot().size() == 0);
  CHECK(Product::allocated_batch(product.state, "o1") == "b1");
  product.when(allocate("o1", 4)).then();
  product.when(allocate("o1", 5)).then_rejected(RejectionCode::line_exists, "quantity");
}

TEST_CASE("An archived line is given back, and its order may ask again", "[product][archive]") {
  Archived product{{batch("b1", 20), allocated("o1", 4, "b1"), allocated("o2", 5, "b1")}};
  product.when(deallocate("o1")).then(given_back("o1", 4, "b1"));
  product.happened({given_back("o1", 4, "b1")});
  product.when(deallocate("o1")).then();
  product.happened({allocated("o1", 7, "b1")});
  product.state.lines.archive(1);
  CHECK(product.orders() == Orders{"o1", "o2"});
  product.when(deallocate("o1")).then(given_back("o1", 7, "b1"));
}

TEST_CASE("A batch that is cut loses its hot lines first, then the archived ones, the newest first",
          "[product][archive]") {
  Archived product{{batch("b1", 20), allocated("o1", 5, "b1"), allocated("o2", 5, "b1"), allocated("o3", 5, "b1")}};
  product.happened({given_back("o2", 5, "b1"), allocated("o4", 5, "b1")});
  product.when(change("b1", 9))
      .then(changed("b1", 9), displaced("o4", 5, "b1"), displaced("o3", 5, "b1"), out_of_stock("o3", 5),
            out_of_stock("o4", 5));
}

TEST_CASE("A backorder promised to an archived line holds, also when it is archived again", "[product][archive]") {
  Archived product{many_lines(8)};
  product.happened({promised("o7", 1, "b1")});
  for (int i = 0; i < 7; ++i) product.happened({given_back("o" + std::to_string(i), 1, "b1")});
  product.when(allocate("o7", 1)).then();
  product.when(change("b1", 0)).then(changed("b1", 0), displaced("o7", 1, "b1", true), waiting("o7", 1));
  product.happened({allocated("new", 1, "b1")});
  product.state.lines.archive(1);  // the first segment is nearly over: what is left moves
  CHECK(product.lines->segments.size() == 1);
  CHECK(product.orders() == Orders{"new", "o7"});
  product.when(change("b1", 1)).then(changed("b1", 1), displaced("new", 1, "b1"), out_of_stock("new", 1));
  product.happened({given_back("new", 1, "b1")});
  product.when(change("b1", 0)).then(changed("b1", 0), displaced("o7", 1, "b1", true), waiting("o7", 1));
}

TEST_CASE("A line displaced from its batch waits in its old place among the archived", "[product][archive]") {
  Archived product{{batch("b1", 2), allocated("o1", 1, "b1", true), waiting("w1", 9), allocated("o2", 1, "b1", true),
                    waiting("w2", 9), waiting("w3", 9)}};
  product.happened({changed("b1", 0), displaced("o2", 1, "b1", true), displaced("o1", 1, "b1", true), waiting("o1", 1),
                    waiting("o2", 1)});
  CHECK(product.orders() == Orders{"o1", "w1", "o2", "w2", "w3"});
  product.state.lines.archive(1);
  CHECK(product.state.lines.hot().size() == 0);
  CHECK(product.orders() == Orders{"o1", "w1", "o2", "w2", "w3"});
  product.when(create("b2", 11))
      .then(batch("b2", 11), allocated("o1", 1, "b2", true), allocated("w1", 9, "b2", true),
            allocated("o2", 1, "b2", true));
}

TEST_CASE("The archived head of the queue holds up all behind it until it is gone", "[product][archive]") {
  Archived product{{batch("b1", 5), waiting("w1", 9), waiting("w2", 3)}};
  CHECK(product.state.lines.anyone_waits());
  product.when(backorder("o1", 1)).then(waiting("o1", 1));
  product.when(deallocate("w1")).then(given_back("w1", 9, "", true), allocated("w2", 3, "b1", true));
  product.happened({given_back("w1", 9, "", true), allocated("w2", 3, "b1", true)});
  CHECK_FALSE(product.state.lines.anyone_waits());
}

TEST_CASE("Few lines stay in memory: a segment of their own would cost more", "[product][archive]") {
  Product::State state;
  state.lines.attach(std::make_unique<InMemoryArchive>(std::make_shared<InMemoryArchive::Lines>()));
  for (const auto& event : many_lines(100)) Product::evolve(state, event);
  state.lines.archive();
  CHECK(state.lines.hot().size() == 100);
}

TEST_CASE("A segment whose lines are all over is removed", "[product][archive]") {
  Archived product{many_lines(10)};
  REQUIRE(product.lines->segments.size() == 1);
  for (int i = 0; i < 10; ++i) product.happened({given_back("o" + std::to_string(i), 1, "b1")});
  product.state.lines.archive(1);
  CHECK(product.lines->segments.empty());
  CHECK(product.state.lines.size() == 0);
  CHECK(product.state.lines.archived() == ArchivedLines::Directory{{}, {{}}, {}});
}

TEST_CASE("A snapshot whose archived lines contradict each other is not restored", "[product][archive]") {
  const auto refused = [](void (*spoil)(Product::Snapshot&)) {
    const Archived product{{batch("b1", 20), allocated("o1", 4, "b1"), allocated("o2", 4, "b1"), waiting("w1", 90)}};
    auto snapshot = Product::snapshot(product.state);
    CHECK_NOTHROW(Product::restore(Product::Snapshot{snapshot}));
    spoil(snapshot);
    CHECK_THROWS_AS(Product::restore(std::move(snapshot)), std::invalid_argument);
  };
  refused([](Product::Snapshot& s) { s.batches[0].archived_quantity = 21; });
  refused([](Product::Snapshot& s) { s.batches[0].archived_quantity = -1; });
  refused([](Product::Snapshot& s) { s.archived.batches[0][0].end = 4; });
  refused([](Product::Snapshot& s) { s.archived.batches[0][0].end = 1; });
  refused([](Product::Snapshot& s) { s.archived.batches[0][0].segment = 7; });
  refused([](Product::Snapshot& s) { s.archived.batches.push_back({}); });
  refused([](Product::Snapshot& s) { s.archived.queue.push_back(s.archived.queue[0]); });
  refused([](Product::Snapshot& s) { s.archived.segments[0].gone = {true}; });
  refused([](Product::Snapshot& s) { s.archived.segments[0].promised = {true}; });
  refused([](Product::Snapshot& s) { s.archived.segments.push_back(s.archived.segments[0]); });
  refused([](Product::Snapshot& s) { s.archived.segments[0].number = 0; });
}

TEST_CASE("An archived line keeps a few bits in memory", "[product][archive]") {
  Archived product{many_lines(0)};
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 1'000; ++i) {
      product.happened({allocated("o" + std::to_string(round) + "-" + std::to_string(i), 1, "b1")});
    }
    product.state.lines.archive();
  }
  CHECK(product.state.lines.size() == 20'000);
  CHECK(Product::approximate_bytes(product.state) < 10'000);
}
