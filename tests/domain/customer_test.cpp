// Every decision of the customer, its refusals too.
#include "domain/customer.h"

#include "state_table.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;
using enum RejectionCode;

const Money total{"EUR", 250};
RecordOrder record(const std::string& order) { return {"c1", order, total}; }
OrderRecorded recorded(const std::string& order) { return {"c1", order, total}; }
const CustomerBecameVip vip{"c1", "o3"};

}  // namespace

TEST_CASE("A customer's first and second order are recorded", "[customer]") {
  given<Customer>().when(record("o1")).then(recorded("o1"));
  given<Customer>(recorded("o1")).when(record("o2")).then(recorded("o2"));
}

TEST_CASE("A customer's third order makes a VIP", "[customer]") {
  given<Customer>(recorded("o1"), recorded("o2")).when(record("o3")).then(recorded("o3"), vip);
}

TEST_CASE("A customer becomes a VIP once", "[customer]") {
  given<Customer>(recorded("o1"), recorded("o2"), recorded("o3"), vip).when(record("o4")).then(recorded("o4"));
}

TEST_CASE("The same order told twice counts once", "[customer]") {
  given<Customer>(recorded("o1"), recorded("o2")).when(record("o2")).then();
  given<Customer>(recorded("o1"), recorded("o2"), recorded("o3"), vip).when(record("o3")).then();
}

TEST_CASE("Every command has its answer in every state of a customer", "[customer]") {
  const std::vector<Customer::Command> commands{record("o9"), record("o1"), ForgetCustomer{"c1"}};
  check_table<Customer>(
      {{"unknown", {}, {"OrderRecorded", "OrderRecorded", "UNKNOWN_CUSTOMER"}},
       {"one order", {recorded("o1")}, {"OrderRecorded", "-", "CustomerForgotten"}},
       {"two orders", {recorded("o1"), recorded("o2")}, {"OrderRecorded CustomerBecameVip", "-", "CustomerForgotten"}},
       {"VIP", {recorded("o1"), recorded("o2"), recorded("o3"), vip}, {"OrderRecorded", "-", "CustomerForgotten"}},
       {"VIP, four orders",
        {recorded("o1"), recorded("o2"), recorded("o3"), vip, recorded("o4")},
        {"OrderRecorded", "-", "CustomerForgotten"}},
       {"forgotten", {recorded("o1"), CustomerForgotten{"c1"}}, {"OrderRecorded", "-", "-"}}},
      commands);
}

TEST_CASE("A customer's command with a bad field names it", "[customer]") {
  given<Customer>().when(RecordOrder{"", "o1", total}).then_rejected(invalid_command, "customer_id");
  given<Customer>().when(RecordOrder{"c1", "", total}).then_rejected(invalid_command, "order_id");
  given<Customer>().when(RecordOrder{"c1", "o1", {"euro", 1}}).then_rejected(invalid_command, "total.currency");
}

TEST_CASE("A customer's stream is that of the command's customer", "[customer]") {
  CHECK(Customer::aggregate_id(record("o1")) == "c1");
}
