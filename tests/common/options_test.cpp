// Where an option's value comes from, and how a secret stays off the command line.
#include "common/options/options.h"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace orderly::options;
namespace po = boost::program_options;

namespace {

using Environment = std::map<std::string, std::string>;
using Settings = std::map<std::string, std::string>;

Settings kafka_of(const std::vector<const char*>& words, const Environment& environment) {
  std::vector<std::string> kafka;
  std::string single;
  Parser parser{"program", "does something"};
  parser.add()("kafka", po::value(&kafka)->composing(), "")("kafka-group", po::value(&single), "");
  std::vector<const char*> all{"program"};
  all.insert(all.end(), words.begin(), words.end());
  REQUIRE(parser.parse(static_cast<int>(all.size()), all.data(), environment));
  return key_values(kafka, "kafka");
}

class File {
 public:
  explicit File(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "orderly-options-XXXXXX").string();
    const int descriptor = mkstemp(name.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path = name;
    std::ofstream{path} << text;
  }
  ~File() { std::filesystem::remove(path); }
  std::string path;
};

}  // namespace

TEST_CASE("a setting may come from the environment by its key's name") {
  const Environment environment{{"ORDERLY_KAFKA_SASL_PASSWORD", "a=b c"}, {"ORDERLY_KAFKA", "linger.ms=5"}};
  CHECK(kafka_of({}, environment) == Settings{{"sasl.password", "a=b c"}, {"linger.ms", "5"}});
  CHECK(kafka_of({}, {{"ORDERLY_KAFKA_GROUP", "g"}}).empty());  // an option of that very name
}

TEST_CASE("the command line goes before the environment, and the environment before the file") {
  const File config{"kafka=a=file\nkafka=b=file\nkafka=c=file\n"};
  const auto from = "--config=" + config.path;
  const Environment environment{{"ORDERLY_KAFKA_A", "environment"}, {"ORDERLY_KAFKA_B", "environment"}};
  CHECK(kafka_of({"--kafka", "a=line", from.c_str()}, environment) ==
        Settings{{"a", "line"}, {"b", "environment"}, {"c", "file"}});
}

TEST_CASE("a value with @ is what the file holds, without the newline at its end") {
  const File file{" se=cret\r\n"};
  CHECK(key_values({"sasl.password=@" + file.path, "other=@@x"}, "kafka") ==
        Settings{{"sasl.password", " se=cret"}, {"other", "@x"}});
  CHECK_THROWS_WITH(key_values({"sasl.password=@/no/file"}, "kafka"),
                    "--kafka sasl.password: cannot read /no/file");
}

TEST_CASE("what is no setting is refused without being told") {
  CHECK_THROWS_WITH(key_values({"secret"}, "kafka"), "--kafka: key=value wanted");
  CHECK_THROWS_WITH(key_values({"=secret"}, "kafka"), "--kafka: key=value wanted");
}
