// --command-auth required: a command is its principal's by his token, or a write service's by theirs.
#include "common/security/base64url.h"
#include "delivery/in_memory_system.h"
#include "handling/authentication.h"

namespace orderly::test {
namespace {

using namespace handling;
using intake::CommandKeys;
using security::Key;
using security::Keys;

const Key shop{"shop", std::string(32, 's')}, store{"store", std::string(32, 't')};
const Key service{"write-service", std::string(32, 'w')}, stranger{"shop", std::string(32, 'x')};
const std::string batch = R"({"batch_ref":"b1","sku":"LAMP","quantity":5})";

CommandHandler::Options demanding(const Keys& keys, const std::vector<std::string>& rules = {},
                                  const std::vector<std::string>& roles = {}) {
  CommandHandler::Options options;
  options.authentication = Authentication{true, CommandKeys{keys}};
  options.authorisation = Authorisation{rules, roles};
  return options;
}

InMemorySystem demanding_system(std::int32_t partitions = 1) {
  return InMemorySystem{partitions, 100, demanding({shop, store, service})};
}

struct Signed {
  std::string type, json, id, principal;
  Key key = shop;
  security::NumberClaims numbers = {};
  std::string signed_json = {};  // what the token is for, where that is another
};

Headers headers_of(const Signed& c) {
  const auto token = intake::make_command_token(c.key, c.principal, c.id, c.type, "application/json",
                                                c.signed_json.empty() ? c.json : c.signed_json, c.numbers);
  return {{"ce_authid", c.principal}, {"ce_authtoken", token}};
}

std::string sent(InMemorySystem& system, const Signed& c, Headers more = {}) {
  auto headers = headers_of(c);
  headers.insert(headers.end(), more.begin(), more.end());
  system.send(c.type, c.json, c.id, "LAMP", {}, headers);
  system.run();
  const auto results = system.results(c.id);
  REQUIRE_FALSE(results.empty());
  return messaging::v1::CommandStatus_Name(results.back().status()) + ' ' + results.back().message();
}

const std::string refused = "REJECTED ce_authtoken: ";
const std::string create = "allocation.v1.CreateBatch";

}  // namespace

TEST_CASE("a command with its principal's token is taken, one without any is refused") {
  auto system = demanding_system();
  CHECK(sent(system, {create, batch, "c1", "shop"}) == "ACCEPTED ");
  system.send(create, batch, "c2", "LAMP", {}, {{"ce_authid", "shop"}});
  system.run();
  CHECK(system.outcome("c2") == "REJECTED UNAUTHORIZED");
  CHECK(system.result("c2").field() == "ce_authtoken");
}

TEST_CASE("a token is good for one command of one principal, as long as it says") {
  auto system = demanding_system();
  CHECK(sent(system, {create, batch, "c1", "shop", stranger}) == refused + "the token's signature matches no key");
  CHECK(sent(system, {create, batch, "c2", "shop", store}) == refused + "the token's signature matches no key");
  CHECK(sent(system, {create, batch, "c3", "nobody"}) == refused + "there is no key of this principal");
  CHECK(sent(system, {create, batch, "c4", "write-service", shop}) == refused + "there is no key of this principal");
  CHECK(sent(system, {create, batch, "c5", "shop", shop, {}, "{}"}) == refused + "the token is for another command");
  const security::NumberClaims gone{{"exp", 1'699'999'000}}, to_come{{"exp", 1'700'000'100}};
  CHECK(sent(system, {create, batch, "c6", "shop", shop, gone}) == refused + "the token has expired");
  CHECK(sent(system, {create, batch, "c7", "shop", shop, to_come}) == "ACCEPTED ");

  const auto of_c7 = headers_of({create, batch, "c7", "shop"});
  system.send(create, batch, "c8", "LAMP", {}, of_c7);
  system.send("allocation.v1.Allocate", batch, "c7", "LAMP", {}, of_c7);
  system.send(create, batch, "", "LAMP", {}, of_c7);
  system.run();
  CHECK(system.result("c8").message() == "ce_authtoken: the token is for another command");
  for (const auto& event : system.events()) CHECK(event.header("ce_causationid") == "c7");
}

TEST_CASE("a content type is part of what a token is for") {
  auto system = demanding_system();
  auto headers = headers_of({create, batch, "c1", "shop"});
  headers.emplace_back("content-type", "application/protobuf");
  system.send(create, batch, "c1", "LAMP", {}, headers);
  allocation::v1::CreateBatch message;
  message.set_batch_ref("b1");
  const auto bytes = message.SerializeAsString();
  const auto token = intake::make_command_token(shop, "shop", "c2", create, "application/json", bytes);
  const Headers bare{{"ce_type", create}, {"ce_id", "c2"}, {"ce_authid", "shop"}, {"ce_authtoken", token}};
  system.put({"allocation.commands", 0, "LAMP", bytes, bare, 0});
  system.run();
  CHECK(system.result("c2").message() == "ce_authtoken: the token is for another command");
  CHECK(system.events().empty());
}

TEST_CASE("a stranger's refusal is not remembered, and no second answer stands beside the first") {
  auto system = demanding_system();
  CHECK(sent(system, {create, batch, "c1", "shop", stranger}) == refused + "the token's signature matches no key");
  CHECK(sent(system, {create, batch, "c1", "shop"}) == "ACCEPTED ");
  CHECK(sent(system, {create, batch, "c1", "shop", stranger}) == "ACCEPTED ");
  CHECK(system.results("c1").size() == 2);
  CHECK(sent(system, {create, batch, "c1", "shop"}) == "ACCEPTED ");
  CHECK(system.results("c1").size() == 3);
  CHECK(system.events("BatchCreated").size() == 1);
}

TEST_CASE("a stranger's repeat on a foreign partition gets no answer beside the first either") {
  auto system = demanding_system(4);
  const auto own = kafka::partition_for("LAMP", 4);
  CHECK(sent(system, {create, batch, "c1", "shop"}) == "ACCEPTED ");
  for (std::int32_t partition = 0; partition < 4; ++partition) {
    system.send(create, batch, "c1", "LAMP", partition, headers_of({create, batch, "c1", "shop", stranger}));
    system.send(create, batch, "c2", "LAMP", partition, {{"ce_authid", "shop"}, {"ce_authunproved", "1"}});
  }
  system.run();
  CHECK(system.results("c1").size() == 1);
  CHECK(system.results("c2").size() == 4);  // it has no other answer, so each attempt gets one
  for (const auto& result : system.results("c2")) CHECK(result.code() == "UNAUTHORIZED");
  // Who marks his own command so gains and loses nothing.
  Headers marked = headers_of({create, batch, "c1", "shop"});
  marked.emplace_back("ce_authunproved", "1");
  system.send(create, batch, "c1", "LAMP", (own + 1) % 4, marked);
  system.run();
  CHECK(system.results("c1").size() == 2);
  CHECK(system.results("c1").back().status() == messaging::v1::ACCEPTED);
}

TEST_CASE("nobody but a write service sends what write services send, whatever it is allowed") {
  InMemorySystem system{1, 100, demanding({shop, service}, {"shop=*"})};
  const std::string record = R"({"customer_id":"ann","order_id":"o1","total":{"currency":"EUR","minor_units":1}})";
  const Headers ours{{"ce_source", "/orderly/write-service"}};
  CHECK(sent(system, {"customer.v1.RecordOrder", record, "c1", "shop"}, ours) ==
        refused + "only write services send customer.v1.RecordOrder");
  CHECK(sent(system, {"customer.v1.RecordOrder", record, "c2", "shop", service}, ours) == "ACCEPTED ");
  CHECK(sent(system, {create, batch, "c3", "shop"}) == "ACCEPTED ");
  const std::string displacing = R"({"order_id":"o1","sku":"LAMP","quantity":1,"replace":true})";
  CHECK(sent(system, {"allocation.v1.Allocate", displacing, "c4", "shop"}) ==
        refused + "only write services send allocation.v1.Allocate with replace");
  CHECK(sent(system, {"allocation.v1.Allocate", displacing, "c5", "shop", service}, ours) == "ACCEPTED ");
}

TEST_CASE("a source that says write service opens nothing without its token") {
  InMemorySystem system{1, 100, demanding({shop, store, service}, {"store=allocation.v1.*"})};
  CHECK(sent(system, {create, batch, "c1", "shop"}, {{"ce_source", "/orderly/write-service"}}) ==
        "REJECTED ce_authid: 'shop' may not send " + create);
}

TEST_CASE("an order finds its way between shards that demand tokens, with claims, forwards and holds") {
  InMemorySystem system{4, 100, demanding({shop, service}, {"shop=ordering.v1.*,allocation.v1.CreateBatch"})};
  for (int number = 0; number < 12; ++number) {
    const auto text = std::to_string(number);
    const auto create_batch = R"({"batch_ref":"b)" + text + R"(","sku":"SKU-)" + text + R"(","quantity":5})";
    // To whatever partition: most are forwarded, many wait for their reference.
    Signed c{create, create_batch, "b" + text, "shop"};
    system.send(c.type, c.json, c.id, "k", number % 4, headers_of(c));
    const auto order = R"({"order_id":"o)" + text + R"(","customer_id":"ann","items":[{"sku":"SKU-)" + text +
                       R"(","quantity":1,"unit_price":{"currency":"EUR","minor_units":5}}]})";
    Signed o{"ordering.v1.CreateOrder", order, "o" + text, "shop"};
    system.send(o.type, o.json, o.id, "k", number % 4, headers_of(o));
  }
  system.run();
  for (int number = 0; number < 12; ++number) {
    CHECK(system.outcome("b" + std::to_string(number)) == "ACCEPTED");
    CHECK(system.state<domain::Order>("o" + std::to_string(number)).unallocated == 0);
  }
  CHECK(system.events("CustomerBecameVip").size() == 1);
  CHECK(system.events("Allocated").front().header("ce_authid") == "shop");
}

TEST_CASE("a ChangeBatchQuantity without a sku is vouched for when its value changes on the way") {
  InMemorySystem system{4, 100, demanding({shop, service})};
  for (int number = 0; number < 8; ++number) {
    const auto text = std::to_string(number);
    const auto json = R"({"batch_ref":"b)" + text + R"(","sku":"SKU-)" + text + R"(","quantity":5})";
    Signed c{create, json, "b" + text, "shop"};
    system.send(c.type, c.json, c.id, "k", 0, headers_of(c));
  }
  system.run();
  for (int number = 0; number < 8; ++number) {
    const auto text = std::to_string(number);
    const auto json = R"({"batch_ref":"b)" + text + R"(","quantity":9})";
    Signed c{"allocation.v1.ChangeBatchQuantity", json, "q" + text, "shop"};
    system.send(c.type, c.json, c.id, "k", 0, headers_of(c));
  }
  system.run();
  for (int number = 0; number < 8; ++number) CHECK(system.outcome("q" + std::to_string(number)) == "ACCEPTED");
}

TEST_CASE("roles gather principals: a rule for a role is one for each of them") {
  const std::vector<std::string> rules{"role:buyer=ordering.v1.*", "store=allocation.v1.*"}, roles{"buyer=shop,web"};
  InMemorySystem system{1, 100, demanding({shop, store, service}, rules, roles)};
  CHECK(sent(system, {create, batch, "c1", "shop"}) == "REJECTED ce_authid: 'shop' may not send " + create);
  CHECK(sent(system, {create, batch, "c2", "store", store}) == "ACCEPTED ");
  const std::string pay = R"({"order_id":"o1","amount":{"currency":"EUR","minor_units":1}})";
  CHECK(sent(system, {"ordering.v1.PayOrder", pay, "c3", "shop"}).starts_with("REJECTED order_id"));
  CHECK(sent(system, {"ordering.v1.PayOrder", pay, "c4", "store", store}).starts_with("REJECTED ce_authid"));
  CHECK_THROWS_WITH(Authorisation({"role:seller=x"}, {"buyer=shop"}), Catch::Contains("--role seller"));
  CHECK_THROWS_WITH(Authorisation({}, {"buyer"}), Catch::Contains("--role"));
}

TEST_CASE("keys without an owner, and none for the services, are refused at the start") {
  CHECK_THROWS_WITH(CommandKeys(Keys{shop}), Catch::Contains("kid write-service"));
  CHECK_THROWS_WITH((CommandKeys{Keys{service, Key{"", std::string(32, 'a')}}}), Catch::Contains("kid"));
  CHECK_THROWS_WITH(Authentication("perhaps", ""), Catch::Contains("--command-auth"));
  CHECK_THROWS_WITH(Authentication("required", ""), Catch::Contains("--command-keys"));
  CHECK_THROWS_WITH(Authentication("sign", "/no/file"), Catch::Contains("--command-keys"));
  CHECK_FALSE(Authentication("off", "").is_required());
}

}  // namespace orderly::test
