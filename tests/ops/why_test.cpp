// Conversations as trees.
#include <catch2/catch.hpp>

#include "cli/why_record.h"
#include "cli/why_scan.h"
#include "cli/why_story.h"
#include "common/http/uri.h"

using namespace orderly;
using namespace orderly::cli;

namespace {

using Kind = WhyRecord::Kind;

WhyRecord record(Kind kind, const std::string& id, const std::string& cause, std::int64_t ms) {
  WhyRecord made;
  made.kind = kind;
  made.id = id;
  made.causation_id = cause;
  made.time = from_unix_ms(ms);
  return made;
}

// c1(e1 r1)[c2(e2)[c3] c4]: a command, what came of it, what it caused.
std::string text(const WhyCommand& command) {
  std::string all = command.sent.size() == 1 ? command.id : command.id + '*' + std::to_string(command.sent.size());
  for (const auto* outcome : command.outcomes) {
    all += (outcome == command.outcomes.front() ? "(" : " ") + outcome->id + (outcome->waits ? "?" : "");
  }
  if (!command.outcomes.empty()) all += ')';
  for (const auto* caused : command.caused) all += (caused == command.caused.front() ? "[" : " ") + text(*caused);
  return command.caused.empty() ? all : all + ']';
}
std::string text(const std::vector<WhyRecord>& records) {
  const WhyStory story{records};
  std::string all;
  for (const auto* root : story.roots()) all += (all.empty() ? "" : " ") + text(*root);
  return all;
}

}  // namespace

TEST_CASE("a conversation is told from its first command on") {
  CHECK(text(std::vector{record(Kind::command, "c3", "c2", 9), record(Kind::event, "e2", "c2", 8),
                         record(Kind::command, "c1", "", 1), record(Kind::event, "e1", "c1", 3),
                         record(Kind::result, "r1", "c1", 2), record(Kind::command, "c4", "c1", 7),
                         record(Kind::command, "c2", "c1", 5), record(Kind::dead_letter, "c3", "", 10)}) ==
        "c1(r1 e1)[c2(e2)[c3(c3)] c4]");
}

TEST_CASE("what has no beginning here begins where it can") {
  CHECK(text(std::vector{record(Kind::event, "e1", "gone", 3), record(Kind::command, "c2", "gone", 4)}) ==
        "gone*0(e1)[c2]");
  CHECK(text(std::vector{record(Kind::command, "c2", "elsewhere", 4)}) == "c2");
}

TEST_CASE("a command that came several times is one command") {
  CHECK(text(std::vector{record(Kind::command, "c1", "", 1), record(Kind::command, "c1", "", 2),
                         record(Kind::result, "r1", "c1", 3)}) == "c1*2(r1)");
}

TEST_CASE("causes that run in a circle are told once") {
  CHECK(text(std::vector{record(Kind::command, "a", "c", 1), record(Kind::command, "b", "a", 2),
                         record(Kind::command, "c", "b", 3)}) == "a[b[c]]");
  CHECK(text(std::vector{record(Kind::command, "self", "self", 1)}) == "self");
}

TEST_CASE("what waits in an outbox is shown for as long as it is not out") {
  auto waiting = record(Kind::event, "e1", "c1", 2);
  waiting.waits = OutboxPlace{0, "allocation.commands", 7};
  const auto command = record(Kind::command, "c1", "", 1);
  CHECK(text(std::vector{command, waiting}) == "c1(e1?)");
  CHECK(text(std::vector{command, waiting, record(Kind::event, "e1", "c1", 2)}) == "c1(e1)");
}

TEST_CASE("a record is about what its headers, its key or its message name") {
  const std::vector<kafka::Header> headers{{"ce_id", "c1"},
                                           {"ce_type", "allocation.v1.Allocate"},
                                           {"ce_correlationid", "talk"},
                                           {"content-type", "application/json"}};
  const kafka::Message message{
      "allocation.commands", 2, 7, 5, "key", R"({ "order_id" : "o-1", "sku":"LAMP" })", headers};
  const auto said = why_headers(message);
  for (const char* name : {"c1", "talk", "key", "o-1", "LAMP"}) CHECK(is_about(message, said, name));
  for (const char* name : {"o", "o-", "order_id", "allocation.v1.Allocate", "other"}) {
    CHECK_FALSE(is_about(message, said, name));
  }
  const kafka::Message nameless{"allocation.commands", 2, 7, 5, {}, "", {}};
  CHECK(is_about(nameless, why_headers(nameless), "allocation.commands/2/7"));
  CHECK(to_why_record(nameless, why_headers(nameless)).correlation_id == "allocation.commands/2/7");
}

TEST_CASE("an id that was made in time order tells when") {
  CHECK(time_of_id("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == from_unix_ms(0x017F22E279B0));  // RFC 9562, appendix A.6
  CHECK_FALSE(time_of_id("017f22e2-79b0-8cc3-98c4-dc0c0c07398f"));
  CHECK_FALSE(time_of_id("o-17"));
  CHECK_FALSE(time_of_id("x17f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
}

TEST_CASE("an id in a path is one segment of it") {
  CHECK(http::percent_encode("o-1_~.") == "o-1_~.");
  CHECK(http::percent_encode("a/b c%é") == "a%2Fb%20c%25%C3%A9");
}
