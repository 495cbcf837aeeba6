// Every state of a product, as one order's line sees it, against every command. o1 is that order; the others are in its
// way.
#include "product_words.h"
#include "state_table.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using namespace orderly::testing::lamps;

const std::vector<Product::Command> commands{
    create("b2", 3),  create("b1", 3),  allocate("o1", 2), allocate("o1", 3), backorder("o1", 2),
    replace("o1", 3), deallocate("o1"), change("b1", 9),   change("b1", 1),   change("other", 1)};

// In the order of the commands above: a new batch, one of a known reference; the line, in another quantity, with
// backorder, in place of the one that is there; given back; b1 grows, shrinks; a batch that is not there.
const std::vector<StateRow<Product>> table{
    {"nothing",
     {},
     {"BatchCreated", "BatchCreated", "UNKNOWN_SKU", "UNKNOWN_SKU", "OutOfStock", "OutOfStock", "UNKNOWN_SKU",
      "UNKNOWN_BATCH", "UNKNOWN_BATCH", "UNKNOWN_BATCH"}},
    {"waits for the first batch",
     {waiting("o1", 2)},
     {"BatchCreated Allocated", "BatchCreated Allocated", "UNKNOWN_SKU", "UNKNOWN_SKU", "-", "Deallocated OutOfStock",
      "Deallocated", "UNKNOWN_BATCH", "UNKNOWN_BATCH", "UNKNOWN_BATCH"}},
    {"room",
     {batch("b1", 5)},
     {"BatchCreated", "BATCH_EXISTS", "Allocated", "Allocated", "Allocated", "Allocated", "-", "BatchQuantityChanged",
      "BatchQuantityChanged", "UNKNOWN_BATCH"}},
    {"no room",
     {batch("b1", 1)},
     {"BatchCreated", "BATCH_EXISTS", "OutOfStock", "OutOfStock", "OutOfStock", "OutOfStock", "-",
      "BatchQuantityChanged", "-", "UNKNOWN_BATCH"}},
    {"allocated",
     {batch("b1", 5), allocated("o1", 2, "b1")},
     {"BatchCreated", "BATCH_EXISTS", "-", "LINE_EXISTS", "BackorderPromised", "Deallocated Allocated", "Deallocated",
      "BatchQuantityChanged", "BatchQuantityChanged Deallocated OutOfStock", "UNKNOWN_BATCH"}},
    {"allocated, may wait",
     {batch("b1", 5), allocated("o1", 2, "b1", true)},
     {"BatchCreated", "BATCH_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated Allocated", "Deallocated",
      "BatchQuantityChanged", "BatchQuantityChanged Deallocated OutOfStock", "UNKNOWN_BATCH"}},
    {"allocated, another waits",
     {batch("b1", 2), allocated("o1", 2, "b1", true), waiting("o2", 1)},
     {"BatchCreated Allocated", "BATCH_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated Allocated OutOfStock",
      "Deallocated Allocated", "BatchQuantityChanged Allocated", "BatchQuantityChanged Deallocated OutOfStock",
      "UNKNOWN_BATCH"}},
    {"waits",
     {batch("b1", 2), allocated("o2", 2, "b1"), waiting("o1", 2)},
     {"BatchCreated Allocated", "BATCH_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated OutOfStock", "Deallocated",
      "BatchQuantityChanged Allocated", "BatchQuantityChanged Deallocated OutOfStock", "UNKNOWN_BATCH"}},
    {"waits behind another",
     {batch("b1", 2), allocated("o3", 2, "b1"), waiting("o2", 1), waiting("o1", 2)},
     {"BatchCreated Allocated Allocated", "BATCH_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated OutOfStock",
      "Deallocated", "BatchQuantityChanged Allocated Allocated",
      "BatchQuantityChanged Deallocated OutOfStock Allocated", "UNKNOWN_BATCH"}},
    {"given back",
     {batch("b1", 5), allocated("o1", 2, "b1"), given_back("o1", 2, "b1")},
     {"BatchCreated", "BATCH_EXISTS", "Allocated", "Allocated", "Allocated", "Allocated", "-", "BatchQuantityChanged",
      "BatchQuantityChanged", "UNKNOWN_BATCH"}},
    {"replaced",
     {batch("b1", 5), allocated("o1", 2, "b1"), replaced("o1", 2, "b1"), allocated("o1", 3, "b1", true)},
     {"BatchCreated", "BATCH_EXISTS", "LINE_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated", "BatchQuantityChanged",
      "BatchQuantityChanged Deallocated OutOfStock", "UNKNOWN_BATCH"}},
    {"displaced, over",
     {batch("b1", 2), allocated("o1", 2, "b1"), changed("b1", 1), displaced("o1", 2, "b1"), out_of_stock("o1", 2)},
     {"BatchCreated", "BATCH_EXISTS", "OutOfStock", "OutOfStock", "OutOfStock", "OutOfStock", "-",
      "BatchQuantityChanged", "-", "UNKNOWN_BATCH"}},
    {"displaced, waits",
     {batch("b1", 2), allocated("o1", 2, "b1", true), changed("b1", 1), displaced("o1", 2, "b1", true),
      waiting("o1", 2)},
     {"BatchCreated Allocated", "BATCH_EXISTS", "-", "LINE_EXISTS", "-", "Deallocated OutOfStock", "Deallocated",
      "BatchQuantityChanged Allocated", "-", "UNKNOWN_BATCH"}},
};

}  // namespace

TEST_CASE("Every command has its answer in every state of a product", "[product]") { check_table(table, commands); }

TEST_CASE("A line takes the place of one of another quantity, behind all that wait", "[product]") {
  const auto full = given<Product>(batch("b1", 5), allocated("o1", 4, "b1"), waiting("o2", 2));
  full.when(replace("o1", 3))
      .then(replaced("o1", 4, "b1"), allocated("o2", 2, "b1", true), allocated("o1", 3, "b1", true));
  full.when(replace("o1", 4)).then(promised("o1", 4, "b1"));
  given<Product>(batch("b1", 5), allocated("o1", 4, "b1"), waiting("o2", 6))
      .when(replace("o1", 1))
      .then(replaced("o1", 4, "b1"), waiting("o1", 1));  // though it would fit: the head of the queue holds it up
  given<Product>(batch("b1", 5), waiting("o1", 6), waiting("o2", 5))
      .when(replace("o1", 7))
      .then(Deallocated{"o1", "LAMP", 6, "", "REPLACED", true}, allocated("o2", 5, "b1", true), waiting("o1", 7));
  given<Product>(batch("b1", 5), allocated("o1", 4, "b1"))
      .when(Allocate{"o1", "LAMP", 6, false, true})
      .then(replaced("o1", 4, "b1"), out_of_stock("o1", 6));
}
