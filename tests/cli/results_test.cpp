#include <array>
#include <catch2/catch.hpp>

#include "allocation/v1/allocation.pb.h"
#include "cli/dead_letter.h"
#include "cli/payload.h"
#include "cli/tally.h"

using namespace orderly;
using namespace orderly::cli;
using namespace std::chrono_literals;

namespace {

messaging::v1::CommandResult result(messaging::v1::CommandStatus status, const std::string& code = "",
                                    bool out_of_stock = false) {
  messaging::v1::CommandResult result;
  result.set_status(status);
  result.set_code(code);
  result.set_out_of_stock(out_of_stock);
  return result;
}

}  // namespace

TEST_CASE("Every sent command takes one result, the same id as often as it was sent") {
  Tally tally;
  tally.expect("a", 1);
  tally.expect("a", 2);
  tally.expect("b", 3);
  CHECK_FALSE(tally.take("c"));
  CHECK(tally.take("a"));
  CHECK(tally.take("a"));
  CHECK_FALSE(tally.take("a"));
  CHECK(tally.missing() == std::vector<std::pair<std::size_t, std::string>>{{3, "b"}});
  CHECK_FALSE(tally.wait(0ms));
  tally.forget({3});
  CHECK(tally.wait(0ms));
}

TEST_CASE("Results are counted by status and code") {
  Tally tally;
  tally.count(result(messaging::v1::ACCEPTED));
  tally.count(result(messaging::v1::ACCEPTED, "", true));
  tally.count(result(messaging::v1::REJECTED, "UNKNOWN_SKU"));
  tally.count(result(messaging::v1::REJECTED, "UNKNOWN_SKU"));
  tally.count(result(messaging::v1::DEAD_LETTERED, "UNREADABLE"));
  const auto counts = tally.counts();
  CHECK(counts.accepted == 2);
  CHECK(counts.out_of_stock == 1);
  CHECK(counts.rejected == std::map<std::string, std::int64_t>{{"UNKNOWN_SKU", 2}});
  CHECK(counts.dead_lettered == std::map<std::string, std::int64_t>{{"UNREADABLE", 1}});
  CHECK(counts.all() == 5);
}

TEST_CASE("A dead letter's place is its own or the original's") {
  CHECK(parse_place("2/17") == kafka::Position{"", 2, 17});
  CHECK(parse_place("ordering.commands/0/5") == kafka::Position{"ordering.commands", 0, 5});
  for (const auto* wrong : {"", "7", "a/b", "t/1/", "t/-1/2", "1/99999999999999999999"}) {
    CHECK_THROWS_AS(parse_place(wrong), std::invalid_argument);
  }
}

TEST_CASE("A dead letter tells where it came from and why") {
  const std::array<kafka::Header, 7> headers{{{"ce_type", "allocation.v1.Allocate"},
                                              {"ce_id", "c1"},
                                              {"dlq-reason", "UNREADABLE"},
                                              {"dlq-topic", "allocation.commands"},
                                              {"dlq-partition", "3"},
                                              {"dlq-offset", "12"},
                                              {"dlq-time", "2026-01-31T12:00:00.000Z"}}};
  kafka::Message record{"dead-letters", 1, 4, 0, std::nullopt, "bytes", headers};
  const auto letter = to_dead_letter(record, WithValue::yes);
  CHECK(letter.position() == "1/4");
  CHECK(letter.original == "allocation.commands/3/12");
  CHECK(letter.reason == "UNREADABLE");
  CHECK(letter.time == "2026-01-31T12:00:00.000Z");
  CHECK_FALSE(letter.key);
  CHECK(letter.headers.size() == 7);
  record.headers = {};
  CHECK(to_dead_letter(record, WithValue::no).time == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("A value is shown as JSON where its type is known, else as text or bytes") {
  allocation::v1::Allocate message;
  message.set_sku("LAMP");
  const auto bytes = message.SerializeAsString();
  const auto show = [](std::string_view value, const std::string& type, std::string_view content_type) {
    return describe_payload(value, type, content_type, JsonLayout::one_line);
  };
  const auto known = show(bytes, "allocation.v1.Allocate", "");
  CHECK(known.form == Payload::Form::json);
  CHECK(known.text == R"({"order_id":"","sku":"LAMP","quantity":"0","backorder":false,"replace":false})");
  CHECK(show(" {\"a\" : 1}", "no.such.Type", "application/json").text == R"({"a":1})");
  CHECK(show("{\"a\"", "no.such.Type", "application/json").form == Payload::Form::text);
  CHECK(show("hello", "no.such.Type", "").text == "hello");
  CHECK(show("\xff\xfe", "allocation.v1.Allocate", "").form == Payload::Form::hex);
}

TEST_CASE("Text in JSON is valid whatever it came from") {
  CHECK(json_text("a\"b\n") == R"("a\"b\n")");
  CHECK(json_text("x\xffy") == "\"x\uFFFDy\"");
  CHECK(json_text("größer") == "\"größer\"");
}
