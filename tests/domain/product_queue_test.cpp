// What a product decides when stock changes: lines displaced, lines that wait, and who comes first.
#include "domain/product.h"
#include "given.h"
#include "product_words.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using namespace orderly::testing::lamps;

}  // namespace

TEST_CASE("A changed quantity changes what is available", "[product][book]") {
  given<Product>(batch("b1", 100)).when(change("b1", 50)).then(changed("b1", 50));
  given<Product>(batch("b1", 100), changed("b1", 50)).when(allocate("o1", 51)).then(out_of_stock("o1", 51));
  given<Product>(batch("b1", 100), changed("b1", 50)).when(allocate("o1", 50)).then(allocated("o1", 50, "b1"));
}

TEST_CASE("A batch cut below what is allocated has its newest line allocated elsewhere", "[product][book]") {
  given<Product>(batch("b1", 50), batch("b2", 50, day(1)), allocated("o1", 20, "b1"), allocated("o2", 20, "b1"))
      .when(change("b1", 25))
      .then(changed("b1", 25), displaced("o2", 20, "b1"), allocated("o2", 20, "b2"));
}

TEST_CASE("A line that its batch loses goes out of stock where there is no room", "[product]") {
  given<Product>(batch("b1", 50), allocated("o1", 20, "b1"), allocated("o2", 30, "b1"))
      .when(change("b1", 25))
      .then(changed("b1", 25), displaced("o2", 30, "b1"), out_of_stock("o2", 30));
}

TEST_CASE("A line that its batch loses is unknown afterwards when it was asked without backorder", "[product]") {
  const auto history = given<Product>(batch("b1", 5), allocated("o1", 5, "b1"), changed("b1", 1),
                                      displaced("o1", 5, "b1"), out_of_stock("o1", 5));
  history.when(deallocate("o1")).then();
  history.when(create("b2", 9)).then(batch("b2", 9));
  history.when(allocate("o1", 1)).then(allocated("o1", 1, "b1"));
}

TEST_CASE("Displaced lines leave newest first and are allocated again oldest first", "[product]") {
  given<Product>(batch("b1", 30), batch("b2", 15, day(1)), allocated("o1", 10, "b1"), allocated("o2", 10, "b1"),
                 allocated("o3", 10, "b1"))
      .when(change("b1", 10))
      .then(changed("b1", 10), displaced("o3", 10, "b1"), displaced("o2", 10, "b1"), allocated("o2", 10, "b2"),
            out_of_stock("o3", 10));
}

TEST_CASE("A displaced line that still fits goes back to its batch", "[product]") {
  given<Product>(batch("b1", 9), allocated("o1", 2, "b1"), allocated("o2", 6, "b1"), allocated("o3", 1, "b1"))
      .when(change("b1", 4))
      .then(changed("b1", 4), displaced("o3", 1, "b1"), displaced("o2", 6, "b1"), out_of_stock("o2", 6),
            allocated("o3", 1, "b1"));
}

TEST_CASE("A displaced line of a backorder waits before those who came later", "[product]") {
  const auto history = given<Product>(batch("b1", 10), allocated("o1", 10, "b1", true), waiting("o2", 5),
                                      changed("b1", 2), displaced("o1", 10, "b1"), waiting("o1", 10));
  history.when(create("b2", 15)).then(batch("b2", 15), allocated("o1", 10, "b2", true), allocated("o2", 5, "b2", true));
  history.when(create("b2", 9)).then(batch("b2", 9));
}

TEST_CASE("Lines displaced in two rounds wait in the order they were asked for", "[product]") {
  given<Product>(batch("b1", 5), batch("b2", 5, day(1)), allocated("o1", 5, "b1", true), allocated("o2", 5, "b2", true),
                 waiting("o3", 1), changed("b1", 0), displaced("o1", 5, "b1"), waiting("o1", 5), changed("b2", 0),
                 displaced("o2", 5, "b2"), waiting("o2", 5))
      .when(create("b3", 20))
      .then(batch("b3", 20), allocated("o1", 5, "b3", true), allocated("o2", 5, "b3", true),
            allocated("o3", 1, "b3", true));
}

TEST_CASE("Room left by a displaced line without backorder goes to the queue", "[product]") {
  given<Product>(batch("b1", 10), allocated("o1", 10, "b1"), waiting("o2", 5), waiting("o3", 9))
      .when(change("b1", 9))
      .then(changed("b1", 9), displaced("o1", 10, "b1"), out_of_stock("o1", 10), allocated("o2", 5, "b1", true));
}

TEST_CASE("Room left by a displaced line that waits is kept from those who came later", "[product]") {
  given<Product>(batch("b1", 10), allocated("o1", 10, "b1", true), waiting("o2", 5))
      .when(change("b1", 9))
      .then(changed("b1", 9), displaced("o1", 10, "b1", true), waiting("o1", 10));
}

TEST_CASE("A batch may be cut to nothing", "[product]") {
  given<Product>(batch("b1", 10), allocated("o1", 1, "b1"))
      .when(change("b1", 0))
      .then(changed("b1", 0), displaced("o1", 1, "b1"), out_of_stock("o1", 1));
}

TEST_CASE("A batch cut to what is allocated keeps its lines", "[product]") {
  given<Product>(batch("b1", 10), allocated("o1", 4, "b1")).when(change("b1", 4)).then(changed("b1", 4));
}

TEST_CASE("A change to the present quantity changes nothing", "[product]") {
  given<Product>(batch("b1", 10)).when(change("b1", 10)).then();
}

TEST_CASE("A backorder waits where there is no room", "[product]") {
  given<Product>(batch("b1", 1)).when(backorder("o1", 2)).then(waiting("o1", 2));
}

TEST_CASE("A waiting line asked again changes nothing, with backorder or without", "[product]") {
  const auto history = given<Product>(batch("b1", 1), waiting("o1", 2));
  history.when(backorder("o1", 2)).then();
  history.when(allocate("o1", 2)).then();
  CHECK(Product::allocated_batch(history.state(), "o1") == std::nullopt);
}

TEST_CASE("A new batch serves those waiting, first come, first served", "[product]") {
  given<Product>(batch("b1", 1), waiting("o1", 4), waiting("o2", 3), waiting("o3", 9))
      .when(create("b2", 8))
      .then(batch("b2", 8), allocated("o1", 4, "b2", true), allocated("o2", 3, "b2", true));
}

TEST_CASE("Those waiting get the preferred batch that has room, not only the new one", "[product]") {
  given<Product>(batch("b1", 3), waiting("o1", 4), waiting("o2", 3))
      .when(create("b2", 8, day(1)))
      .then(batch("b2", 8, day(1)), allocated("o1", 4, "b2", true), allocated("o2", 3, "b1", true));
}

TEST_CASE("A batch that grows serves those waiting", "[product]") {
  given<Product>(batch("b1", 1), waiting("o1", 4))
      .when(change("b1", 5))
      .then(changed("b1", 5), allocated("o1", 4, "b1", true));
}

TEST_CASE("The head of the queue holds up those behind it", "[product]") {
  given<Product>(batch("b1", 1), waiting("o1", 10), waiting("o2", 3)).when(change("b1", 5)).then(changed("b1", 5));
}

TEST_CASE("A line that fits does not overtake those waiting", "[product]") {
  const auto history = given<Product>(batch("b1", 5), waiting("o1", 10));
  history.when(allocate("o2", 1)).then(out_of_stock("o2", 1));
  history.when(backorder("o2", 1)).then(waiting("o2", 1));
}

TEST_CASE("A line given back serves those waiting", "[product]") {
  given<Product>(batch("b1", 5), allocated("o1", 5, "b1"), waiting("o2", 2), waiting("o3", 2), waiting("o4", 2))
      .when(deallocate("o1"))
      .then(given_back("o1", 5, "b1"), allocated("o2", 2, "b1", true), allocated("o3", 2, "b1", true));
}

TEST_CASE("A waiting line given back leaves the queue", "[product]") {
  const auto history = given<Product>(batch("b1", 5), waiting("o1", 9), waiting("o2", 8));
  history.when(deallocate("o2")).then(given_back("o2", 8, "", true));
  given<Product>(batch("b1", 5), waiting("o1", 9), waiting("o2", 8), given_back("o2", 8, "", true))
      .when(create("b2", 20))
      .then(batch("b2", 20), allocated("o1", 9, "b2", true));
}

TEST_CASE("The head of the queue given back lets those behind it go", "[product]") {
  given<Product>(batch("b1", 5), waiting("o1", 9), waiting("o2", 3))
      .when(deallocate("o1"))
      .then(given_back("o1", 9, "", true), allocated("o2", 3, "b1", true));
}
