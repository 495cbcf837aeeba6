#include <catch2/catch.hpp>

#include "allocation/v1/allocation.pb.h"
#include "cli/field_arguments.h"
#include "cli/outgoing_command.h"
#include "ordering/v1/ordering.pb.h"

using namespace orderly::cli;
using Catch::Matchers::Contains;
using Catch::Matchers::Message;

namespace {

template <class T>
T from(const std::vector<std::string>& arguments) {
  T message;
  read_arguments(arguments, message);
  return message;
}

template <class T>
T value_of(const OutgoingCommand& command) {
  T message;
  REQUIRE(message.ParseFromString(command.value));
  return message;
}

OutgoingCommand line(const std::string& json) {
  IdSource ids;
  return command_from_json(json, ids);
}

OutgoingCommand words(const std::vector<std::string>& all, const std::string& id = "") {
  IdSource ids;
  return command_from_words(all, id, ids);
}

}  // namespace

TEST_CASE("Fields are set by name, with the types that the message has") {
  const auto message = from<allocation::v1::Allocate>({"order_id=o=1", "sku=", "quantity=-3", "backorder=true"});
  CHECK(message.order_id() == "o=1");
  CHECK(message.sku().empty());
  CHECK(message.quantity() == -3);
  CHECK(message.backorder());
  CHECK(from<allocation::v1::Allocate>({"orderId=o1", "sku=\"LAMP\""}).sku() == "\"LAMP\"");
}

TEST_CASE("Fields of fields have a path, and may be given whole as JSON") {
  const auto message = from<ordering::v1::CreateOrder>(
      {"items[0].sku=LAMP", "items[0].quantity=2", "items[0].unit_price.currency=GBP",
       "items[0].unit_price.minor_units=199",
       R"(items[1]={"sku": "MUG", "quantity": "3", "unit_price": {"currency": "GBP", "minorUnits": 5}})",
       "created_at=2026-01-31T12:00:00.5Z"});
  REQUIRE(message.items_size() == 2);
  CHECK(message.items(0).unit_price().minor_units() == 199);
  CHECK(message.items(1).quantity() == 3);
  CHECK(message.items(1).unit_price().minor_units() == 5);
  CHECK(message.created_at().seconds() == 1769860800);
  CHECK(from<ordering::v1::CreateOrder>({R"(items=[{"sku":"A"},{"sku":"B"}])"}).items(1).sku() == "B");
}

TEST_CASE("A wrong field or value is named, with the fields that there are") {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& reason) {
    INFO(reason);
    CHECK_THROWS_WITH(from<ordering::v1::CreateOrder>(arguments), Contains(reason));
    CHECK_THROWS_AS(from<ordering::v1::CreateOrder>(arguments), std::invalid_argument);
  };
  refused(
      {"oder_id=1"},
      "oder_id: ordering.v1.CreateOrder has no such field; its fields are order_id, customer_id, items, created_at");
  refused({"items[0].qty=1"},
          "items[0].qty: ordering.v1.Item has no such field; its fields are sku, quantity, unit_price");
  refused({"items[0].quantity=many"}, "items[0].quantity: a whole number");
  refused({R"(items=[{"quantity": 1.5}])"}, "items[0].quantity: a whole number");
  refused({R"(items=[{"quantity": 9223372036854775808}])"}, "got 9223372036854775808");
  refused({R"(items={"sku":"A"})"}, "items: a list wanted, got an object");
  refused({"items=oops"}, "items: no JSON at character 1");
  refused({"items[1].sku=A"}, "the one before it, [0], is missing");
  refused({"items[x].sku=A"}, "an index is a number");
  refused({"items[0=A"}, "an index is a number");
  refused({"items.sku=A"}, "items is a list");
  refused({"order_id[0]=A"}, "order_id is no list");
  refused({"order_id.x=A"}, "order_id has no fields of its own");
  refused({"order_id=1", "order_id=2"}, "order_id: given twice");
  refused({R"(items[0]={"sku":"A"})", R"(items[0]={"sku":"B"})"}, "given twice");
  refused({R"(items[0]={"sku":"A","sku":"B"})"}, "items[0].sku: given twice");
  refused({"created_at=yesterday"}, "created_at: a time such as");
  refused({"order_id"}, "field=value wanted, got \"order_id\"");
  refused({"=1"}, "field=value wanted");
  refused({"order_id=\xff"}, "order_id: UTF-8 wanted, got \"\\xff\"");
}

TEST_CASE("A record's topic, key and id come from the command") {
  const auto command = words({"allocation.v1.Allocate", "order_id=o1", "sku=LAMP", "quantity=3"}, "my-id");
  CHECK(command.topic == "allocation.commands");
  CHECK(command.key == "LAMP");
  CHECK(command.id == "my-id");
  CHECK(command.type == "allocation.v1.Allocate");
  CHECK(value_of<allocation::v1::Allocate>(command).quantity() == 3);
  CHECK(words({"ordering.v1.ShipOrder", "order_id=o1"}).key == "o1");
  CHECK(words({"ordering.v1.ShipOrder", "order_id=o1"}).topic == "ordering.commands");
}

TEST_CASE("A batch without a sku is routed by its reference") {
  CHECK(words({"allocation.v1.ChangeBatchQuantity", "batch_ref=b1", "quantity=1"}).key == "b1");
  CHECK(words({"allocation.v1.ChangeBatchQuantity", "batch_ref=b1", "quantity=1", "sku=LAMP"}).key == "LAMP");
}

TEST_CASE("Every command can be given: no field of one has a kind that cannot be written") {
  IdSource ids;
  for (const auto& type : command_types()) {
    INFO(type.name());
    for (const auto& field : type.key_fields) CHECK(type.prototype->GetDescriptor()->FindFieldByName(field) != nullptr);
    CHECK_FALSE(make_command(type, *type.prototype, "", ids).topic.empty());
  }
}

TEST_CASE("New ids differ and are UUIDv7") {
  const auto first = words({"ordering.v1.ShipOrder"}).id, second = words({"ordering.v1.ShipOrder"}).id;
  CHECK(first != second);
  CHECK(first.size() == 36);
  CHECK(first[14] == '7');
}

TEST_CASE("A line of a file is type, data and perhaps an id") {
  const auto command = line(
      R"({"data": {"order_id": "o1", "sku": "LAMP", "quantity": 3}, "type": "allocation.v1.Allocate", "id": "x1"})");
  CHECK(command.id == "x1");
  CHECK(value_of<allocation::v1::Allocate>(command).order_id() == "o1");
  CHECK(line(R"({"type": "ordering.v1.ShipOrder", "data": {}})").id.size() == 36);
}

TEST_CASE("A broken line is refused with its reason") {
  const auto refused = [](const std::string& text, const std::string& reason) {
    INFO(reason);
    CHECK_THROWS_WITH(line(text), Contains(reason));
  };
  refused("not json", "no JSON at character");
  refused(R"({"type":"ordering.v1.ShipOrder","data":{}} x)", "no JSON at character");
  refused("[]", "an object with type, id and data wanted");
  refused(R"({"type":"ordering.v1.ShipOrder"})", "data: missing");
  refused(R"({"data":{}})", "type: missing");
  refused(R"({"type":7,"data":{}})", "type: text wanted");
  refused(R"({"type":"ordering.v1.ShipOrder","data":[]})", "an object with the fields order_id wanted, got a list");
  refused(R"({"type":"ordering.v1.ShipOrder","data":{},"extra":1})", "extra: unknown");
  refused(R"({"type":"ordering.v1.ShipOrder","data":{},"id":"has blank"})", "id: 1 to 64 printable ASCII characters");
  refused(R"({"type":"ordering.v1.ShipOrder","data":{},"id":""})", "id: empty");
  refused(R"({"type":"ordering.v1.Ship","data":{}})", "unknown command type \"ordering.v1.Ship\"; known are");
  refused("{\"type\":\"ordering.v1.ShipOrder\",\"data\":{\"order_id\":\"\xff\"}}", "no JSON at character");
  refused(std::string(1'000'000, '['), "no JSON at character");
}
