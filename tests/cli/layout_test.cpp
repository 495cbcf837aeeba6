#include <catch2/catch.hpp>
#include <sstream>

#include "cli/progress.h"
#include "cli/send_summary.h"
#include "cli/table.h"
#include "cli/text.h"

using namespace orderly::cli;
using namespace std::chrono_literals;

namespace {

struct Screen {
  std::ostringstream out, err;
  Console console;
  explicit Screen(Console::Terminals terminals = {}, const std::map<std::string, std::string>& environment = {})
      : console(out, err, terminals, environment) {}
};

Table example() {
  Table table{{{.name = "name"}, {.name = "count", .align = Align::right}, {.name = "remark", .max_width = 6}}};
  table.add({"a", "1", {"fine", Colour::green}});
  table.add({"größer", "1,000", "too long"});
  table.add({"", "7", ""});
  return table;
}

}  // namespace

TEST_CASE("Columns are aligned by characters, numbers to the right, and nothing trails") {
  Screen screen;
  example().print(screen.console);
  CHECK(screen.out.str() ==
        "name    count  remark\n"
        "a           1  fine\n"
        "größer  1,000  too l…\n"
        "            7\n");
}

TEST_CASE("Colours come on a terminal only, and never with NO_COLOR") {
  Screen terminal{{.out = true}}, no_color{{.out = true}, {{"NO_COLOR", "1"}}}, dumb{{.out = true}, {{"TERM", "dumb"}}};
  for (auto* screen : {&terminal, &no_color, &dumb}) example().print(screen->console);
  CHECK(terminal.out.str().find("\x1b[32mfine\x1b[0m") != std::string::npos);
  CHECK(no_color.out.str().find('\x1b') == std::string::npos);
  CHECK(dumb.out.str().find('\x1b') == std::string::npos);
}

TEST_CASE("What a record says cannot steer the terminal") {
  CHECK(one_line("a\x1b[2Jb\nc\td\x7f") == "a\\x1b[2Jb\\nc\\td\\x7f");
  CHECK(one_line("\xc2\x9b"
                 "31m") == "\\xc2\\x9b31m");
  CHECK(one_line("ok \xff größer €") == "ok \\xff größer €");
  CHECK(printable("a\n\tb\r") == "a\n\tb\\r");
  CHECK(is_readable("größer\n"));
  CHECK_FALSE(is_readable(std::string_view{"a\0b", 3}));
}

TEST_CASE("Numbers and texts are made readable") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(-1'234'567) == "-1,234,567");
  CHECK(with_decimals(1.005, 2) == "1.00");
  CHECK(shortened("größer", 6) == "größer");
  CHECK(shortened("größere", 6) == "größe…");
  CHECK(hex_dump("LAMP\n") == "00000000  4c 41 4d 50 0a                                   |LAMP.|\n");
}

TEST_CASE("Progress shows a bar only where the end is known") {
  CHECK(progress_line({1'500, 900, 0.5}, 1s) == "[############------------]  50%  sent 1,500  results 900  900/s");
  CHECK(progress_line({1'500, std::nullopt, std::nullopt}, 500ms) == "sent 1,500  3,000/s");
  CHECK(progress_line({10, std::nullopt, 7.0}, 0ms) == "[########################] 100%  sent 10");
  CHECK(progress_line({.fraction = 0.5, .read = 1'500}, 1s) == "[############------------]  50%  read 1,500");
}

TEST_CASE("The bar is redrawn in place on a terminal and wiped before other lines") {
  Screen terminal{{.err = true}};
  {
    Progress progress{terminal.console};
    progress.show({1, std::nullopt, 1.0});
  }
  CHECK(terminal.err.str().starts_with("\r[####"));
  CHECK(terminal.err.str().ends_with("\r\x1b[K"));
}

TEST_CASE("The summary counts refusals by their code") {
  SendSummary summary;
  summary.sent = 1'234;
  summary.results.accepted = 1'230;
  summary.results.rejected = {{"BATCH_EXISTS", 1}, {"UNKNOWN_SKU", 2}};
  summary.missing = 1;
  summary.seconds = 2;
  Screen text, json;
  print(summary, false, true, text.console);
  print(summary, true, true, json.console);
  CHECK(text.out.str() ==
        "sent                     1,234\n"
        "accepted                 1,230\n"
        "  of these out of stock      0\n"
        "rejected                     3\n"
        "  BATCH_EXISTS               1\n"
        "  UNKNOWN_SKU                2\n"
        "dead-lettered                0\n"
        "missing                      1\n"
        "seconds                   2.00\n"
        "commands/s                 617\n");
  CHECK(json.out.str() ==
        R"({"sent":1234,"accepted":1230,"out_of_stock":0,"rejected":{"BATCH_EXISTS":1,"UNKNOWN_SKU":2},)"
        R"("dead_lettered":{},"missing":1,"broken_lines":0,"not_delivered":0,"seconds":2.0})"
        "\n");
}
