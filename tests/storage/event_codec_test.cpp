// Every event comes back from its stored form as it was, and so does every state from its snapshot.
#include "storage/event_codec.h"

#include <catch2/catch.hpp>

using namespace orderly;
using namespace orderly::storage;

namespace {

template <class Aggregate>
void comes_back(const std::string& aggregate_id, const std::vector<typename Aggregate::Event>& events) {
  typename Aggregate::State state;
  for (const auto& event : events) {
    const auto stored = EventCodec<Aggregate>::encode(event);
    INFO(stored.type);
    CHECK(EventCodec<Aggregate>::decode(stored.type, stored.data, aggregate_id) == event);
    Aggregate::evolve(state, event);
    if constexpr (std::equality_comparable<typename Aggregate::State>) {
      CHECK(EventCodec<Aggregate>::decode_snapshot(EventCodec<Aggregate>::encode_snapshot(state)) == state);
    }
  }
}

}  // namespace

TEST_CASE("a product's events come back as they were") {
  const domain::Date eta{std::chrono::year{2031}, std::chrono::January, std::chrono::day{2}};
  comes_back<domain::Product>(
      "LAMP", {domain::BatchCreated{"b1", "LAMP", 5, {}}, domain::BatchCreated{"b2", "LAMP", 7, eta},
               domain::Allocated{"o1", "LAMP", 5, "b1", false}, domain::BackorderPromised{"o1", "LAMP", 5, "b1"},
               domain::BatchQuantityChanged{"b1", "LAMP", 1},
               domain::Deallocated{"o1", "LAMP", 5, "b1", "BATCH_QUANTITY_CHANGED", true},
               domain::OutOfStock{"LAMP", "o1", 5, true}, domain::Deallocated{"o1", "LAMP", 5, "", "REQUESTED", true}});
}

TEST_CASE("an order's events and snapshots come back as they were") {
  const domain::OrderCreated created{"o1",
                                     "c1",
                                     {{"LAMP", 2, {"EUR", 100}}, {"CHAIR", 1, {"EUR", 0}}},
                                     {"EUR", 200},
                                     domain::Time{std::chrono::milliseconds{1'291'194'000'123}}};
  comes_back<domain::Order>(
      "o1", {created, domain::LineAllocated{"o1", "LAMP", 2, "b1"}, domain::LineOutOfStock{"o1", "CHAIR", 1},
             domain::LineDeallocated{"o1", "LAMP", 2, "BATCH_QUANTITY_CHANGED"},
             domain::LineAllocated{"o1", "LAMP", 2, "b2"}, domain::LineAllocated{"o1", "CHAIR", 1, "b3"},
             domain::OrderAllocated{"o1"}, domain::OrderPaid{"o1", {"EUR", 200}}, domain::OrderShipped{"o1"}});
  comes_back<domain::Order>(
      "o1", {created, domain::OrderCancelled{"o1", "no \"more\"", true, {"EUR", 200}, {"CHAIR", "LAMP"}},
             domain::LineAllocatedAfterCancel{"o1", "LAMP", 2, "b1"}});
}

TEST_CASE("a customer's and a reference's events and snapshots come back as they were") {
  comes_back<domain::Customer>(
      "c1", {domain::OrderRecorded{"c1", "o1", {"EUR", 200}}, domain::OrderRecorded{"c1", "o2", {"GBP", 0}},
             domain::CustomerBecameVip{"c1", "o2"}, domain::CustomerForgotten{"c1"}});
  comes_back<domain::BatchReference>("b1", {domain::BatchReferenceClaimed{"b1", "LAMP", "c1"}});
}
