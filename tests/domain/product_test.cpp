// Every decision of the product, its refusals too. [book] marks what Architecture Patterns with Python tests.
#include "domain/product.h"

#include "given.h"
#include "product_words.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using namespace orderly::testing::lamps;
using enum RejectionCode;

}  // namespace

TEST_CASE("Allocating a line takes its quantity from the batch", "[product][book]") {
  const auto history = given<Product>(batch("b1", 20), allocated("o1", 2, "b1"));
  history.when(allocate("o2", 18)).then(allocated("o2", 18, "b1"));
  history.when(allocate("o2", 19)).then(out_of_stock("o2", 19));
}

TEST_CASE("A batch with more than a line's quantity takes the line", "[product][book]") {
  given<Product>(batch("b1", 20)).when(allocate("o1", 2)).then(allocated("o1", 2, "b1"));
}

TEST_CASE("A batch with less than a line's quantity does not take the line", "[product][book]") {
  given<Product>(batch("b1", 2)).when(allocate("o1", 20)).then(out_of_stock("o1", 20));
}

TEST_CASE("A batch with exactly a line's quantity takes the line", "[product][book]") {
  given<Product>(batch("b1", 2)).when(allocate("o1", 2)).then(allocated("o1", 2, "b1"));
}

TEST_CASE("A product allocates no line of another sku", "[product][book]") {
  given<Product>().when(Allocate{"o1", "EXPENSIVE-TOASTER", 1, false}).then_rejected(unknown_sku, "sku");
}

TEST_CASE("The same line twice changes nothing and keeps its batch", "[product][book]") {
  const auto history = given<Product>(batch("b1", 20), allocated("o1", 2, "b1"));
  history.when(allocate("o1", 2)).then();
  CHECK(Product::allocated_batch(history.state(), "o1") == "b1");
  history.when(allocate("o2", 18)).then(allocated("o2", 18, "b1"));
}

TEST_CASE("Giving a line back that was never allocated changes nothing", "[product][book]") {
  given<Product>(batch("b1", 20)).when(deallocate("o1")).then();
}

TEST_CASE("A line given back leaves its room to others", "[product][book]") {
  given<Product>(batch("b1", 20), allocated("o1", 20, "b1"), given_back("o1", 20, "b1"))
      .when(allocate("o2", 20))
      .then(allocated("o2", 20, "b1"));
}

TEST_CASE("Stock in the warehouse comes before a shipment", "[product][book]") {
  given<Product>(batch("shipment", 100, day(1)), batch("warehouse", 100))
      .when(allocate("o1", 10))
      .then(allocated("o1", 10, "warehouse"));
}

TEST_CASE("An earlier shipment comes before a later one", "[product][book]") {
  given<Product>(batch("normal", 100, day(2)), batch("slow", 100, day(9)), batch("speedy", 100, day(1)))
      .when(allocate("o1", 10))
      .then(allocated("o1", 10, "speedy"));
}

TEST_CASE("Of batches alike the one created first is taken", "[product]") {
  given<Product>(batch("second", 5, day(1)), batch("a", 5, day(1)))
      .when(allocate("o1", 1))
      .then(allocated("o1", 1, "second"));
  given<Product>(batch("z", 5), batch("a", 5)).when(allocate("o1", 1)).then(allocated("o1", 1, "z"));
}

TEST_CASE("A preferred batch without room is passed over", "[product]") {
  given<Product>(batch("b1", 5), batch("b2", 9, day(1)), batch("b3", 9, day(2)))
      .when(allocate("o1", 7))
      .then(allocated("o1", 7, "b2"));
}

TEST_CASE("An allocation names the batch that it went to", "[product][book]") {
  const auto history = given<Product>(batch("b1", 100), batch("b2", 100, day(1)), allocated("o1", 10, "b1"));
  CHECK(Product::allocated_batch(history.state(), "o1") == "b1");
  CHECK(Product::allocated_batch(history.state(), "o2") == std::nullopt);
}

TEST_CASE("No room is told as out of stock, not refused", "[product][book]") {
  given<Product>(batch("b1", 10), allocated("o1", 10, "b1")).when(allocate("o2", 1)).then(out_of_stock("o2", 1));
}

TEST_CASE("The first batch of a sku is created", "[product][book]") {
  given<Product>().when(create("b1", 100)).then(batch("b1", 100));
}

TEST_CASE("A further batch of a sku is created beside the first", "[product][book]") {
  given<Product>(batch("b1", 100)).when(create("b2", 99, day(3))).then(batch("b2", 99, day(3)));
}

TEST_CASE("An allocation by a product without batches is refused", "[product][book]") {
  given<Product>().when(allocate("o1", 10)).then_rejected(unknown_sku, "sku", "sku: 'LAMP' has no batch");
}

TEST_CASE("A line with backorder waits for the first batch of its sku", "[product]") {
  given<Product>().when(backorder("o1", 10)).then(waiting("o1", 10));
  given<Product>(waiting("o1", 10)).when(create("b1", 10)).then(batch("b1", 10), allocated("o1", 10, "b1", true));
  given<Product>(waiting("o1", 10)).when(deallocate("o1")).then(given_back("o1", 10, "", true));
  given<Product>(waiting("o1", 10)).when(allocate("o2", 1)).then_rejected(unknown_sku, "sku");
}

TEST_CASE("A line asked for again with backorder waits from then on when its batch loses it", "[product]") {
  given<Product>(batch("b1", 5), allocated("o1", 5, "b1")).when(backorder("o1", 5)).then(promised("o1", 5, "b1"));
  const auto history = given<Product>(batch("b1", 5), allocated("o1", 5, "b1"), promised("o1", 5, "b1"));
  history.when(backorder("o1", 5)).then();
  history.when(allocate("o1", 5)).then();
  history.when(change("b1", 4)).then(changed("b1", 4), displaced("o1", 5, "b1", true), waiting("o1", 5));
}

TEST_CASE("A batch that exists is refused", "[product]") {
  given<Product>(batch("b1", 5))
      .when(create("b1", 5))
      .then_rejected(batch_exists, "batch_ref", "batch_ref: batch 'b1' exists already");
}

TEST_CASE("A batch that the product lacks cannot change", "[product]") {
  given<Product>(batch("b1", 5))
      .when(change("b2", 5))
      .then_rejected(unknown_batch, "batch_ref", "batch_ref: 'LAMP' has no batch 'b2'");
  given<Product>().when(change("b2", 5)).then_rejected(unknown_batch, "batch_ref");
}

TEST_CASE("An open line with another quantity is refused", "[product]") {
  given<Product>(batch("b1", 5), allocated("o1", 2, "b1"))
      .when(allocate("o1", 3))
      .then_rejected(line_exists, "quantity", "quantity: order 'o1' has this line already, with quantity 2, got 3");
  given<Product>(batch("b1", 5), waiting("o1", 9)).when(backorder("o1", 3)).then_rejected(line_exists, "quantity");
}

TEST_CASE("Giving back a line of an unknown sku is refused", "[product]") {
  given<Product>().when(deallocate("o1")).then_rejected(unknown_sku, "sku");
}

TEST_CASE("A product's command with a bad field names it", "[product]") {
  const auto product = given<Product>(batch("b1", 5));
  product.when(CreateBatch{"", "LAMP", 1, {}}).then_rejected(invalid_command, "batch_ref");
  product.when(CreateBatch{"b2", "", 1, {}}).then_rejected(invalid_command, "sku");
  product.when(create("b2", 0)).then_rejected(invalid_command, "quantity", "quantity: must be at least 1, got 0");
  product.when(create("b2", 1, Date{})).then_rejected(invalid_command, "eta");
  product.when(Allocate{"", "LAMP", 1, false}).then_rejected(invalid_command, "order_id");
  product.when(Allocate{"o1", "", 1, false}).then_rejected(invalid_command, "sku");
  product.when(allocate("o1", -3)).then_rejected(invalid_command, "quantity", "quantity: must be at least 1, got -3");
  product.when(allocate("o1", 2147483648)).then_rejected(invalid_command, "quantity");
  product.when(Deallocate{"", "LAMP"}).then_rejected(invalid_command, "order_id");
  product.when(Deallocate{"o1", ""}).then_rejected(invalid_command, "sku");
  product.when(ChangeBatchQuantity{"", 1, "LAMP"}).then_rejected(invalid_command, "batch_ref");
  product.when(ChangeBatchQuantity{"b1", 1, ""}).then_rejected(invalid_command, "sku");
  product.when(change("b1", -1)).then_rejected(invalid_command, "quantity", "quantity: must be at least 0, got -1");
  product.when(change("b1", 2147483648)).then_rejected(invalid_command, "quantity");
}

TEST_CASE("An event that cannot follow the state is a programmer's error", "[product]") {
  CHECK_THROWS_AS(given<Product>(allocated("o1", 1, "b1")), std::logic_error);
  CHECK_THROWS_AS(given<Product>(batch("b1", 1), given_back("o1", 1, "b1")), std::logic_error);
  CHECK_THROWS_AS(given<Product>(batch("b1", 1), batch("b1", 1)), std::logic_error);
  CHECK_THROWS_AS(given<Product>(batch("b1", 2), allocated("o1", 1, "b1"), allocated("o1", 1, "b1")), std::logic_error);
}

TEST_CASE("A product's stream is that of the command's sku", "[product]") {
  CHECK(Product::aggregate_id(create("b1", 1)) == "LAMP");
  CHECK(Product::aggregate_id(allocate("o1", 1)) == "LAMP");
  CHECK(Product::aggregate_id(deallocate("o1")) == "LAMP");
  CHECK(Product::aggregate_id(change("b1", 1)) == "LAMP");
}
