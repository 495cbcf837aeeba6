// What the reader takes and refuses, by example. tests/intake/message_reader_differential_test.cpp compares it with
// Protobuf's own mapping.
#include "intake/message_reader.h"

#include <catch2/catch.hpp>

#include "allocation/v1/allocation.pb.h"
#include "domain/values.h"
#include "every_kind.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::intake {

bool operator==(const ReadError& a, const ReadError& b) { return a.field == b.field && a.reason == b.reason; }
std::ostream& operator<<(std::ostream& out, const ReadError& error) {
  return out << error.field << ": " << error.reason;
}

}  // namespace orderly::intake

namespace {

using allocation::v1::Allocate;
using messaging::v1::CommandResult;
using ordering::v1::CreateOrder;
using orderly::intake::MessageReader;
using orderly::intake::ReadError;

template <class Message>
Message read(std::string_view json) {
  MessageReader reader;
  Message message;
  const auto error = reader.read_json(json, message);
  INFO(json << '\n' << error.value_or(ReadError{}));
  CHECK(!error);
  return message;
}

template <class Message>
ReadError refused(std::string_view json) {
  MessageReader reader;
  Message message;
  const auto error = reader.read_json(json, message);
  INFO(json.substr(0, 200));
  REQUIRE(error);
  CHECK(message.ByteSizeLong() == 0);
  CHECK(orderly::domain::is_utf8(error->field + error->reason));
  CHECK(error->field.size() + error->reason.size() < 400);
  return *error;
}

const std::string whole = "must be a whole number between -9223372036854775808 and 9223372036854775807, got ";

ReadError quantity_refused(const std::string& value) { return refused<Allocate>(R"({"quantity":)" + value + "}"); }
std::int64_t quantity(const std::string& value) { return read<Allocate>(R"({"quantity": )" + value + " }").quantity(); }

}  // namespace

TEST_CASE("A JSON command fills its message", "[intake]") {
  const auto message = read<Allocate>(R"( {"order_id":"o1","sku":"LAMP","quantity":3,"backorder":true} )");
  CHECK(message.order_id() == "o1");
  CHECK(message.sku() == "LAMP");
  CHECK(message.quantity() == 3);
  CHECK(message.backorder());
}

TEST_CASE("Names are taken in both spellings, in any order, escaped too", "[intake]") {
  CHECK(read<Allocate>(R"({"quantity":3,"orderId":"o1"})").order_id() == "o1");
  CHECK(read<Allocate>(R"({"quantity":3,"order\u005fid":"o1"})").order_id() == "o1");
}

TEST_CASE("Whole numbers are taken however they are written", "[intake]") {
  for (const auto* three : {"3", "3.0", "0.3e1", "30E-1", "\"3\"", "\"+3\""}) CHECK(quantity(three) == 3);
  CHECK(quantity("1e3") == 1000);
  CHECK(quantity("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(quantity("\"9223372036854775807\"") == std::numeric_limits<std::int64_t>::max());
  CHECK(quantity("null") == 0);
}

TEST_CASE("What is no whole number of 64 bits is refused", "[intake]") {
  for (const auto* value :
       {"1.5", "99999999999999999999", "9223372036854775808", "-9223372036854775809", "9.3e18", "1e999", "true"}) {
    CHECK(quantity_refused(value) == ReadError{"quantity", whole + value});
  }
  CHECK(quantity_refused(R"("three")") == ReadError{"quantity", whole + "'three'"});
  CHECK(quantity_refused(R"("")") == ReadError{"quantity", whole + "''"});
  CHECK(quantity_refused(R"(" 3")") == ReadError{"quantity", whole + "' 3'"});
  CHECK(quantity_refused("{}") == ReadError{"quantity", whole + "an object"});
  CHECK(quantity_refused("[1]") == ReadError{"quantity", whole + "a list"});
  for (const auto* value : {"01", "+1", "1.", ".5", "1x", "tru", "", "NaN", "'1'"}) {
    const auto error = quantity_refused(value);
    CHECK(error.field == "quantity");
    CHECK(error.reason.starts_with("is not valid JSON"));
  }
}

TEST_CASE("Wrong types are refused", "[intake]") {
  CHECK(refused<Allocate>(R"({"sku":5})") == ReadError{"sku", "must be a string, got 5"});
  CHECK(refused<Allocate>(R"({"sku":["a"]})") == ReadError{"sku", "must be a string, got a list"});
  CHECK(refused<Allocate>(R"({"backorder":1})") == ReadError{"backorder", "must be true or false, got 1"});
  CHECK(refused<Allocate>(R"({"backorder":"true"})") == ReadError{"backorder", "must be true or false, got 'true'"});
  CHECK(refused<CreateOrder>(R"({"items":{}})") == ReadError{"items", "must be a list, got an object"});
  CHECK(refused<CreateOrder>(R"({"items":[1]})") == ReadError{"items[0]", "must be an object, got 1"});
  CHECK(refused<CreateOrder>(R"({"items":[{},null]})") == ReadError{"items[1]", "must not be null in a list"});
  CHECK(refused<CommandResult>(R"({"status":"DONE"})") ==
        ReadError{"status", "must be a value of messaging.v1.CommandStatus, got 'DONE'"});
}

TEST_CASE("A field in the depth is named by its path, as the sender wrote it", "[intake]") {
  CHECK(refused<CreateOrder>(R"({"items":[{},{},{},{"unit_price":{"minor_units":"x"}}]})") ==
        ReadError{"items[3].unit_price.minor_units", whole + "'x'"});
  CHECK(refused<CreateOrder>(R"({"items":[{"unitPrice":{"minorUnits":"x"}}]})").field ==
        "items[0].unitPrice.minorUnits");
  CHECK(refused<CreateOrder>(R"({"items":[{"colour":"red"}]})") == ReadError{"items[0].colour", "unknown field"});
}

TEST_CASE("Unknown fields and fields given twice are refused", "[intake]") {
  CHECK(refused<Allocate>(R"({"quantity":1,"qty":1})") == ReadError{"qty", "unknown field"});
  CHECK(refused<Allocate>(R"({"sku":"a","sku":"a"})") == ReadError{"sku", "given twice"});
  CHECK(refused<Allocate>(R"({"order_id":null,"orderId":"a"})") == ReadError{"orderId", "given twice"});
  CHECK(refused<Allocate>(R"({"":1})") == ReadError{"", "has a field without a name"});
}

TEST_CASE("Enums are taken by name and by number", "[intake]") {
  for (const auto* accepted : {"\"ACCEPTED\"", "1", "\"1\"", "1.0"}) {
    CHECK(read<CommandResult>(std::string{R"({"status":)"} + accepted + "}").status() == messaging::v1::ACCEPTED);
  }
  CHECK(static_cast<int>(read<CommandResult>(R"({"status":77})").status()) ==
        77);  // proto3 keeps what it does not know
}

TEST_CASE("Times are RFC 3339", "[intake]") {
  const auto order = read<CreateOrder>(R"({"created_at":"2010-12-01T08:26:00.5+01:00"})");
  CHECK(order.created_at().seconds() == 1291188360);
  CHECK(order.created_at().nanos() == 500'000'000);
  const std::string wanted = "must be an RFC 3339 time such as 2026-01-31T12:00:00Z, got ";
  CHECK(refused<CreateOrder>(R"({"created_at":"yesterday"})") == ReadError{"created_at", wanted + "'yesterday'"});
  CHECK(refused<CreateOrder>(R"({"created_at":{"seconds":1}})") == ReadError{"created_at", wanted + "an object"});
}

TEST_CASE("What is no object, or no JSON, is refused", "[intake]") {
  CHECK(refused<Allocate>("") == ReadError{"", "must be a JSON object, got nothing"});
  CHECK(refused<Allocate>(" \n") == ReadError{"", "must be a JSON object, got nothing"});
  CHECK(refused<Allocate>("[]") == ReadError{"", "must be a JSON object, got a list"});
  CHECK(refused<Allocate>(" null ") == ReadError{"", "must be a JSON object, got null"});
  CHECK(refused<Allocate>("12") == ReadError{"", "must be a JSON object, got 12"});
  CHECK(refused<Allocate>(std::string(1'000'000, '[')) == ReadError{"", "must be a JSON object, got a list"});
  for (const auto* broken :
       {"{", "}", "{\"sku\"}", "{\"sku\":\"a\",}", "{\"sku\":\"a\"} x", "{\"sku\":\"a\"}}", "{sku:\"a\"}",
        "{\"sku\":\"a\" \"quantity\":1}", "{'sku':\"a\"}", "{\"sku\":\"a", "\xEF\xBB\xBF{}"}) {
    INFO(broken);
    CHECK(refused<Allocate>(broken).reason.find("is not valid JSON") == 0);
  }
  CHECK(refused<CreateOrder>(R"({"items":[{"sku":"a"})").reason.starts_with("is not valid JSON"));
}

TEST_CASE("Bytes that no JSON text holds are found in their field", "[intake]") {
  CHECK(refused<Allocate>("{\"order_id\":\"o1\",\"sku\":\"L\xFFMP\"}") == ReadError{"sku", "is not valid UTF-8"});
  CHECK(refused<CreateOrder>("{\"items\":[{},{\"sku\":\"\xED\xA0\x80\"}]}") ==
        ReadError{"items[1].sku", "is not valid UTF-8"});
  CHECK(refused<Allocate>("{\"s\xC3u\":\"a\"}") == ReadError{"", "is not valid UTF-8"});
  CHECK(refused<Allocate>("\xFF").reason == "is not valid UTF-8");
  const std::string control = "holds a control character that is not escaped";
  CHECK(refused<Allocate>(std::string_view{"{\"sku\":\"a\0b\"}", 13}) == ReadError{"sku", control});
  CHECK(refused<Allocate>("{\"sku\":\"a\nb\"}") == ReadError{"sku", control});
  CHECK(refused<Allocate>(std::string_view{"{\"sku\":\"a\"}\0", 12}).reason.starts_with("is not valid JSON"));
  CHECK(read<Allocate>(R"({"sku":"a\u0000b"})").sku() == std::string("a\0b", 3));  // valid JSON: the domain refuses it
}

TEST_CASE("Escapes are read, broken ones refused", "[intake]") {
  CHECK(read<Allocate>(R"({"sku":"\ud83d\ude00 \u00e9\/\n"})").sku() == "\xF0\x9F\x98\x80 \xC3\xA9/\n");
  for (const auto* lone :
       {R"(\ud83d)", R"(\ude00)", R"(\ud83d\u0041)", R"(\ud83dx)", R"(\ude00\ud83d)", R"(\u12)", R"(\x)"}) {
    INFO(lone);
    CHECK(refused<Allocate>(std::string{R"({"sku":")"} + lone + "\"}").field == "sku");
  }
}

TEST_CASE("Errors echo little, and only what can be printed", "[intake]") {
  const std::string_view got = "got ";
  const auto value = quantity_refused('"' + std::string(5000, 'x') + '"').reason;
  CHECK(value.substr(value.find(got)) == "got '" + std::string(60, 'x') + "'...");
  CHECK(refused<Allocate>('{' + ('"' + std::string(5000, 'n')) + "\":1}").field == std::string(60, 'n') + "...");
  CHECK(refused<Allocate>(R"({"a\u0000\u001b":1})").field == "a??");
}

TEST_CASE("A reader is used again after an error, and forgets the document before", "[intake]") {
  MessageReader reader;
  Allocate message;
  CHECK(!reader.read_json(R"({"order_id":"o1","sku":"LAMP","quantity":3,"backorder":true})", message));
  CHECK(reader.read_json(R"({"sku":"LAMP","quantity":})", message));
  CHECK(reader.read_json("{\"sku\":\"\xFF\"}", message));
  CHECK(reader.read_json(R"({"sku":"LAMP")", message));
  CHECK(!reader.read_json(R"({"sku":"LAMP"})", message));
  CHECK(message.DebugString() == "sku: \"LAMP\"\n");
}

TEST_CASE("Every kind of field is read", "[intake]") {
  MessageReader reader;
  const auto message = every_kind::make();
  const auto error_of = [&](std::string_view json) { return reader.read_json(json, *message).value_or(ReadError{}); };
  CHECK(error_of(R"({"i32":1,"u64":"18446744073709551615","f":1.5,"d":"-Infinity","data":"-_8=","kinds":["B",1],
                     "names":{"a":1,"b":"2"},"inner":{"inner":{"i32":-1}},"wait":"1.5s","any_json":{"a":[null]}})") ==
        ReadError{});
  CHECK(error_of(R"({"left":"a","right":1})") == ReadError{"right", "cannot be given beside left"});
  CHECK(error_of(R"({"left":null,"right":1})") == ReadError{});
  CHECK(error_of(R"({"u32":-1})") == ReadError{"u32", "must be a whole number between 0 and 4294967295, got -1"});
  CHECK(error_of(R"({"u32":-0,"i32":"-0"})") == ReadError{});
  CHECK(error_of(R"({"u32":"-0"})").field == "u32");  // Protobuf takes no sign in a string for an unsigned number
  CHECK(error_of(R"({"i32":2147483648})").reason.ends_with("got 2147483648"));
  CHECK(error_of(R"({"f":1e39})") == ReadError{"f", "must be a number of single precision, got 1e39"});
  CHECK(error_of(R"({"data":"a*"})") == ReadError{"data", "must be base64, got 'a*'"});
  CHECK(error_of(R"({"names":{"a":1,"a":2}})") == ReadError{"names.a", "given twice"});
  CHECK(error_of(R"({"names":{"a":null}})") == ReadError{"names.a", "must not be null in a map"});
  CHECK(error_of(R"({"by_number":{"x":"y"}})").field == "by_number.x");
  CHECK(error_of(R"({"wait":"soon"})") == ReadError{"wait", "must be a google.protobuf.Duration, got 'soon'"});
}

TEST_CASE("Objects nest at most 32 deep", "[intake]") {
  MessageReader reader;
  const auto message = every_kind::make();
  const auto nested = [](int levels) {
    std::string json = "{}";
    for (int i = 1; i < levels; ++i) json = R"({"inner":)" + json + "}";
    return json;
  };
  CHECK(!reader.read_json(nested(32), *message));
  const auto error = reader.read_json(nested(33), *message);
  REQUIRE(error);
  CHECK(error->reason == "is nested deeper than 32 levels");
  CHECK(reader.read_json(nested(20'000), *message));
}

TEST_CASE("Binary commands are diagnosed by field", "[intake]") {
  MessageReader reader;
  const auto error_of = [&](std::string_view bytes, google::protobuf::Message&& message) {
    return reader.read_protobuf(bytes, message).value_or(ReadError{});
  };
  CHECK(error_of("\x12\x04LAMP", Allocate{}) == ReadError{});
  CHECK(error_of("", Allocate{}) == ReadError{});
  CHECK(error_of("\x12\x04LA\xFFP", Allocate{}) == ReadError{"sku", "is not valid UTF-8"});
  CHECK(error_of("\x12\x7FLAMP", Allocate{}) == ReadError{"sku", "is cut short: 127 bytes are announced, 4 are left"});
  CHECK(error_of("\x18\x80", Allocate{}) == ReadError{"quantity", "is cut short"});
  CHECK(error_of("\x1F", Allocate{}) == ReadError{"quantity", "has wire type 7, which does not exist"});
  CHECK(error_of({"\x1A\x00\x1A\x05\x1A\x03\x0A\x01\xFF", 9}, CreateOrder{}) ==
        ReadError{"items[1].unit_price.currency", "is not valid UTF-8"});
  CHECK(error_of("\xF8\x07\x05", Allocate{}) == ReadError{});  // unknown field 127: a newer client's
  CHECK(error_of("\x1D\x01\x02\x03\x04", Allocate{}) ==
        ReadError{});  // quantity as fixed32: Protobuf takes it as unknown
  CHECK(error_of("\x1D\x01\x02\x03\x04\x03", Allocate{}).reason == "has wire type 5 where a field of type int64 has 0");
}
