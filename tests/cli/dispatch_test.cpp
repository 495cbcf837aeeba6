#include "cli/dispatch.h"

#include <array>
#include <catch2/catch.hpp>
#include <sstream>
#include <stdexcept>

#include "cli/broker_options.h"

using namespace orderly::cli;

namespace {

struct Run {
  int exit_code = 0;
  std::string out, err, program;
  std::vector<std::string> words;
};

Run run(std::vector<std::string> words) {
  Run result;
  const auto record = [&](const Invocation& invocation) {
    result.program = invocation.program;
    result.words = invocation.words;
    return 3;
  };
  const std::array subcommands{
      Subcommand{"topics create", "makes topics", record},
      Subcommand{"send", "sends", record},
      Subcommand{"letters list", "lists",
                 [](const Invocation&) -> int { throw std::invalid_argument{"--limit: two\nlines"}; }},
      Subcommand{"letters show", "shows", [](const Invocation&) -> int { throw std::runtime_error{"no broker"}; }},
  };
  std::ostringstream out, err;
  Console console{out, err, {}, {}};
  result.exit_code = dispatch(subcommands, std::move(words), {}, console);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace

TEST_CASE("Words name a sub-command, the rest is its own") {
  const auto result = run({"topics", "create", "--partitions", "4"});
  CHECK(result.exit_code == 3);
  CHECK(result.program == "orderly topics create");
  CHECK(result.words == std::vector<std::string>{"--partitions", "4"});
  CHECK(run({"send", "--help"}).words == std::vector<std::string>{"--help"});
}

TEST_CASE("Help lists every sub-command") {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{}, {"--help"}, {"-h"}, {"help"}, {"letters", "--help"}}) {
    const auto result = run(words);
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("  topics create  makes topics\n") != std::string::npos);
    CHECK(result.err.empty());
  }
}

TEST_CASE("A wrong word ends with 2 and one line that says what is wrong") {
  const auto expect = [](const std::vector<std::string>& words, const std::string& line) {
    const auto result = run(words);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.err == line);
  };
  expect({"sned"}, "orderly: unknown command sned (topics, send, letters); orderly --help lists them\n");
  expect({"letters"}, "orderly: letters: a command is missing (list, show); orderly --help lists them\n");
  expect({"letters", "x\n"}, "orderly: letters: unknown command x\\n (list, show); orderly --help lists them\n");
}

TEST_CASE("A wrong option ends with 2, a broken environment with 1, each in one line") {
  const auto option = run({"letters", "list"}), environment = run({"letters", "show"});
  CHECK(option.exit_code == 2);
  CHECK(option.err == "orderly letters list: --limit: two\\nlines\n");
  CHECK(environment.exit_code == 1);
  CHECK(environment.err == "orderly letters show: no broker\n");
}

TEST_CASE("Broker options come from words and environment") {
  std::ostringstream out, err;
  Console console{out, err, {}, {}};
  const auto read = [&](std::vector<std::string> words) {
    BrokerOptions options;
    orderly::options::Parser parser{"test", "test"};
    options.add_to(parser);
    parse(parser, {"test", std::move(words), {{"ORDERLY_BROKERS", "a:1"}}, console});
    return options.config();
  };
  CHECK(read({}).at("bootstrap.servers") == "a:1");
  CHECK(read({"--brokers", "b:2", "--kafka", "linger.ms=7"}).at("bootstrap.servers") == "b:2");
  CHECK(read({"--kafka", "linger.ms=7", "--kafka", "client.id=x"}).at("linger.ms") == "7");
  CHECK_THROWS_AS(read({"--kafka", "linger.ms"}), std::invalid_argument);
  CHECK_THROWS_AS(read({"--kafka", "no.such=1"}), std::invalid_argument);
  CHECK_THROWS_AS(read({"--unknown"}), std::invalid_argument);
}
