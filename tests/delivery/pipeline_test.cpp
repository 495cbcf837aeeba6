// The wrappers around every handler, each alone and all together: a refusal of any is a result.
#include "delivery/in_memory_system.h"
#include "handling/command_pipeline.h"

namespace orderly::test {
namespace {

using namespace handling;

const std::string create_json = R"({"batch_ref":"b1","sku":"LAMP","quantity":5})";

InMemorySystem with_rules(const std::vector<std::string>& rules) {
  CommandHandler::Options options;
  options.authorisation = Authorisation{rules};
  return InMemorySystem{1, 100, options};
}

std::string sent_by(InMemorySystem& system, const std::string& type, const std::string& json, const std::string& who) {
  static int number = 0;
  const auto id = "by-" + std::to_string(++number);
  system.send(type, json, id, "LAMP", {}, who.empty() ? Headers{} : Headers{{"ce_authid", who}});
  system.run();
  return system.outcome(id);
}

Incoming incoming(const kafka::Message& record, const domain::Allocate& command) {
  Envelope envelope;
  envelope.id = "c1";
  envelope.type = "allocation.v1.Allocate";
  return {record, envelope, domain::Product::Command{command}};
}

}  // namespace

TEST_CASE("without a rule everybody may send everything") {
  InMemorySystem system;
  CHECK(sent_by(system, "allocation.v1.CreateBatch", create_json, "") == "ACCEPTED");
}

TEST_CASE("who may not send a command is refused with a result that says so") {
  auto system = with_rules({"store=allocation.v1.CreateBatch,allocation.v1.ChangeBatchQuantity", "shop=ordering.v1.*"});
  CHECK(sent_by(system, "allocation.v1.CreateBatch", create_json, "shop") == "REJECTED UNAUTHORIZED");
  CHECK(sent_by(system, "allocation.v1.CreateBatch", create_json, "") == "REJECTED UNAUTHORIZED");
  CHECK(system.result("by-2").field() == "ce_authid");
  CHECK(system.events().empty());
  CHECK(sent_by(system, "allocation.v1.CreateBatch", create_json, "store") == "ACCEPTED");
  CHECK(sent_by(system, "ordering.v1.PayOrder", R"({"order_id":"o1","amount":{"currency":"EUR","minor_units":1}})",
                "shop") == "REJECTED UNKNOWN_ORDER");
}

TEST_CASE("what an allowed command leads to needs no rule of its own, and bears the same principal") {
  auto system = with_rules({"shop=ordering.v1.CreateOrder", "*=allocation.v1.CreateBatch"});
  CHECK(sent_by(system, "allocation.v1.CreateBatch", create_json, "") == "ACCEPTED");
  const auto order =
      R"({"order_id":"o1","customer_id":"c1","items":[{"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR","minor_units":5}}]})";
  CHECK(sent_by(system, "ordering.v1.CreateOrder", order, "shop") == "ACCEPTED");
  CHECK(system.state<domain::Order>("o1").unallocated == 0);
  CHECK(system.events("Allocated").at(0).header("ce_authid") == "shop");
}

TEST_CASE("a rule that cannot be read is named") {
  CHECK_THROWS_WITH(Authorisation({"shop"}), Catch::Contains("--allow") && Catch::Contains("\"shop\""));
  CHECK_THROWS_AS(Authorisation({"=x"}), std::invalid_argument);
  CHECK_THROWS_AS(Authorisation({"x="}), std::invalid_argument);
}

TEST_CASE("a command that validation refuses reaches no handler, and its repeat gets the same result") {
  const kafka::Message record;
  int handled = 0;
  std::string field;
  const auto handler = validated(
      [&](const Incoming&, const domain::Rejection& why) {
        field = why.field;
        return Outcome{"REJECTED", "INVALID_COMMAND"};
      },
      [&](Incoming&) {
        ++handled;
        return Outcome{"ACCEPTED"};
      });
  auto bad = incoming(record, {"o1", "LAMP", 0, false});
  CHECK(handler(bad).code == "INVALID_COMMAND");
  CHECK(field == "quantity");
  CHECK(handled == 0);
  auto good = incoming(record, {"o1", "LAMP", 1, false});
  CHECK(handler(good).status == "ACCEPTED");
  CHECK(handled == 1);
}

TEST_CASE("measurement sees every command and what became of it") {
  const kafka::Message record;
  std::vector<std::string> seen;
  const auto handler = measured([&](const Envelope& e, const Outcome& o) { seen.push_back(e.type + ' ' + o.code); },
                                [](Incoming&) {
                                  return Outcome{"REJECTED", "UNKNOWN_SKU"};
                                });
  auto command = incoming(record, {"o1", "LAMP", 1, false});
  handler(command);
  CHECK(seen == std::vector<std::string>{"allocation.v1.Allocate UNKNOWN_SKU"});
}

}  // namespace orderly::test
