#include <lzma.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "cli/import/csv_reader.h"
#include "cli/import/dry_run.h"
#include "cli/import/input_file.h"

using namespace orderly::cli::importing;

namespace {

using Fields = std::vector<std::string>;

// Gives the text in pieces of that size.
CsvReader reader_of(std::string text, std::size_t piece = 7) {
  return CsvReader{[text = std::move(text), piece, at = std::size_t{0}](std::span<char> into) mutable {
    const auto bytes = std::min({piece, into.size(), text.size() - at});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), bytes, into.begin());
    at += bytes;
    return bytes;
  }};
}

std::vector<CsvRecord> records_of(const std::string& text, std::size_t piece = 7) {
  auto reader = reader_of(text, piece);
  std::vector<CsvRecord> records;
  for (CsvRecord record; reader.next(record);) records.push_back(record);
  return records;
}

std::string compressed(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  const auto code =
      lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()),
                              text.size(), reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
  REQUIRE(code == LZMA_OK);
  packed.resize(size);
  return packed;
}

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary} << bytes;
}

std::string read_all(const std::filesystem::path& path) {
  InputFile file{path};
  std::string text, part(1'000, '\0');
  while (const auto bytes = file.read(part)) text.append(part, 0, bytes);
  return text;
}

}  // namespace

TEST_CASE("A record's fields are what stands between its commas, quotes or not") {
  const auto records = records_of("a,b,c\n1,\"2,5 \"\"inches\"\"\",\n,\"\",\"x\"\n");
  REQUIRE(records.size() == 3);
  CHECK(records[0].fields == Fields{"a", "b", "c"});
  CHECK(records[1].fields == Fields{"1", "2,5 \"inches\"", ""});
  CHECK(records[2].fields == Fields{"", "", "x"});
}

TEST_CASE("A byte order mark, CRLF, a last line without an end and any encoding are taken as they come") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1'000}}) {
    const auto records = records_of("\xEF\xBB\xBFgrößer,\"x\"\r\n\"a\r\nb\",\xFF \r\nlast,\"y\"", piece);
    REQUIRE(records.size() == 3);
    CHECK(records[0].fields == Fields{"größer", "x"});
    CHECK(records[1].fields == Fields{"a\r\nb", "\xFF "});
    CHECK(records[2].fields == Fields{"last", "y"});
    CHECK(records[2].line == 4);
  }
  CHECK(records_of("").empty());
  CHECK(records_of("\xEF\xBB\xBF").empty());
}

TEST_CASE("A quote within an unquoted field is text, as spreadsheets write it") {
  CHECK(records_of("5\" PLATE,x\"y\n")[0].fields == Fields{"5\" PLATE", "x\"y"});
}

TEST_CASE("An empty line is a record with one empty field, so that nobody passes over it") {
  const auto records = records_of("a\n\n\r\nb\n");
  REQUIRE(records.size() == 4);
  CHECK(records[1].fields == Fields{""});
  CHECK(records[2].fields == Fields{""});
  CHECK(records[3].line == 4);
}

TEST_CASE("A quote that is never closed costs one line, not the rest of the file") {
  const auto records = records_of("good,1\nbad,\"2\ngood,3\ngood,4\n");
  REQUIRE(records.size() == 4);
  CHECK(records[1].line == 2);
  CHECK(records[1].problem == "a quote that is not closed");
  CHECK(records[1].fields.empty());
  CHECK(records[2].fields == Fields{"good", "3"});
  CHECK(records[3].line == 4);
}

TEST_CASE("Text after a closing quote costs one line") {
  const auto records = records_of("\"a\"b,c\nnext,1\n\"x\"\r,\nlast\n");
  REQUIRE(records.size() == 4);
  CHECK(records[0].problem == "text after a closing quote");
  CHECK(records[1].fields == Fields{"next", "1"});
  CHECK_FALSE(records[2].problem.empty());
  CHECK(records[3].fields == Fields{"last"});
}

TEST_CASE("A line longer than a record may be is passed over as one, however long it is") {
  for (const std::size_t size : {max_record_bytes, 5 * max_record_bytes + 17}) {
    const auto records = records_of("a,b\n" + std::string(size, 'x') + "\nc,d\n", 10'000);
    REQUIRE(records.size() == 3);
    CHECK(records[1].problem == "longer than 65536 bytes");
    CHECK(records[2].fields == Fields{"c", "d"});
    CHECK(records[2].line == 3);
  }
  CHECK(records_of(std::string(max_record_bytes - 1, 'x') + "\n", 10'000)[0].problem.empty());
}

TEST_CASE("A quoted field may be as long as a record, over many lines, and lines are still counted") {
  std::string text = "\"";
  for (int i = 0; i < 5'000; ++i) text += "line\n";
  const auto records = records_of(text + "\",1\nnext,2\n", 4'096);
  REQUIRE(records.size() == 2);
  CHECK(records[1].line == 5'002);
}

TEST_CASE("An xz file is read as what it holds, whatever its name") {
  const TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919) + ",x\n";
  write(directory.path() / "plain", text);
  write(directory.path() / "packed.csv", compressed(text));
  write(directory.path() / "two", compressed(text) + compressed("more"));
  CHECK(read_all(directory.path() / "plain") == text);
  CHECK(read_all(directory.path() / "packed.csv") == text);
  CHECK(read_all(directory.path() / "two") == text + "more");
  CHECK(InputFile::fingerprint(directory.path() / "plain") != InputFile::fingerprint(directory.path() / "two"));
}

TEST_CASE("A file that cannot be read, or is damaged, is named with the reason") {
  const TemporaryDirectory directory;
  std::string packed = compressed(std::string(100'000, 'x') + "end");
  write(directory.path() / "cut", packed.substr(0, packed.size() - 30));
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  write(directory.path() / "damaged", packed);
  CHECK_THROWS_WITH(read_all(directory.path() / "cut"), Catch::EndsWith("cut: ends in the middle"));
  CHECK_THROWS_WITH(read_all(directory.path() / "damaged"), Catch::Contains("damaged: is damaged (xz error"));
  CHECK_THROWS_WITH(read_all(directory.path() / "none"), Catch::EndsWith("none: cannot be opened"));
  CHECK_THROWS_WITH(read_all(directory.path()), Catch::Contains("cannot be"));
}
