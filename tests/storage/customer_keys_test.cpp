// Customers' keys: what they seal, what can be read with them, and that nothing is left once they are destroyed.
#include "storage/customer_keys.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "delivery/in_memory_system.h"
#include "domain/customer.h"

using namespace orderly;
using storage::CustomerKeys;

namespace {

std::string content_of(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream in{entry.path(), std::ios::binary};
    all.append(std::istreambuf_iterator<char>{in}, {});
  }
  return all;
}

// As it stands in the file, from another connection.
std::string key_of(const std::filesystem::path& folder, const std::string& sealed) {
  sqlite::Database db{folder / "customer-keys-0.db", sqlite::OpenMode::read_only};
  sqlite::Statement key{db, "SELECT key FROM keys WHERE sealed = ?1"};
  REQUIRE(key.bind(sealed).step());
  return std::string{key.blob(0)};
}

}  // namespace

TEST_CASE("a sealed id is an id, the same each time, another for each customer, and read with its key") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann@example.org");
  CHECK(domain::is_sealed(ann));
  CHECK_FALSE(domain::check_id("customer_id", ann));
  CHECK(ann.find("ann") == std::string::npos);
  CHECK(keys.seal("ann@example.org") == ann);
  CHECK(keys.find("ann@example.org") == ann);
  CHECK(keys.seal("bob") != ann);
  CHECK_FALSE(keys.find("eve"));
  CHECK(keys.open(ann) == "ann@example.org");
  CHECK_FALSE(keys.open("sealed-AAAA"));
  CHECK_FALSE(keys.open("ann@example.org"));
  const std::string longest(CustomerKeys::most_id_bytes, 'x');
  CHECK_FALSE(domain::check_id("customer_id", keys.seal(longest)));
  CHECK(keys.open(keys.seal(longest)) == longest);
  CHECK_THROWS_AS(keys.seal(longest + 'x'), std::invalid_argument);
}

TEST_CASE("keys survive a restart, and their file holds no id in the clear") {
  const test::TemporaryDirectory folder;
  const auto ann = CustomerKeys{folder.path(), 0}.seal("ann@example.org");
  CHECK(CustomerKeys{folder.path(), 0}.seal("ann@example.org") == ann);
  CHECK(content_of(folder.path()).find("ann@example.org") == std::string::npos);
}

TEST_CASE("a forgotten customer's key is in the file no more, and he gets another sealed id") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann"), bob = keys.seal("bob");
  const auto key = key_of(folder.path(), ann);
  REQUIRE(content_of(folder.path()).find(key) != std::string::npos);
  keys.forget(ann);
  CHECK_FALSE(keys.find("ann"));  // at once, whatever batch the next command is in
  const auto again = keys.seal("ann");
  CHECK(again != ann);
  keys.committed();
  CHECK(content_of(folder.path()).find(key) == std::string::npos);
  CHECK_FALSE(keys.open(ann));
  CHECK(keys.open(again) == "ann");
  CHECK(keys.open(bob) == "bob");
}

TEST_CASE("a customer is not forgotten by a batch that is rolled back") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann");
  keys.forget(ann);
  const auto other = keys.seal("ann");
  keys.rolled_back();
  CHECK(keys.seal("ann") == ann);
  CHECK(other != ann);
}
