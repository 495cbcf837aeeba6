// Customers' keys: what they seal, what can be read with them, and that nothing is left once they are destroyed.
#include "storage/customer_keys.h"

#include <catch2/catch.hpp>

#include "delivery/in_memory_system.h"
#include "domain/customer.h"
#include "storage/folder_content.h"

using namespace orderly;
using storage::CustomerKeys;
using test::files_with;

namespace {

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
  const auto ann = keys.seal("ann@example.org", 1);
  CHECK(domain::is_sealed(ann));
  CHECK_FALSE(domain::check_id("customer_id", ann));
  CHECK(ann.find("ann") == std::string::npos);
  CHECK(keys.seal("ann@example.org", 2) == ann);
  CHECK(keys.find("ann@example.org", 3) == ann);
  CHECK(keys.seal("bob", 4) != ann);
  CHECK_FALSE(keys.find("eve", 5));
  CHECK(keys.open(ann) == "ann@example.org");
  CHECK_FALSE(keys.open("sealed-AAAA"));
  CHECK_FALSE(keys.open("ann@example.org"));
  const std::string longest(CustomerKeys::most_id_bytes, 'x');
  CHECK_FALSE(domain::check_id("customer_id", keys.seal(longest, 6)));
  CHECK(keys.open(keys.seal(longest, 6)) == longest);
  CHECK_THROWS_AS(keys.seal(longest + 'x', 7), std::invalid_argument);
}

TEST_CASE("keys survive a restart once they are written, and their file holds no id in the clear") {
  const test::TemporaryDirectory folder;
  std::string ann, name;
  {
    CustomerKeys keys{folder.path(), 0};
    name = keys.name();
    ann = keys.seal("ann@example.org", 1);
    keys.write();
    keys.committed(0);
    keys.seal("bob@example.org", 2);  // of a batch that is never committed
  }
  CustomerKeys keys{folder.path(), 0};
  CHECK(keys.name() == name);
  CHECK(keys.find("ann@example.org", 3) == ann);
  CHECK_FALSE(keys.find("bob@example.org", 3));
  CHECK(files_with("@example.org", folder.path()).empty());
}

TEST_CASE("a forgotten customer's key is in the file no more, and he gets another sealed id") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann", 1), bob = keys.seal("bob", 2);
  keys.write();
  keys.committed(0);
  const auto key = key_of(folder.path(), ann);
  REQUIRE_FALSE(files_with(key, folder.path()).empty());
  keys.forget(ann, {3, 1'000});
  CHECK_FALSE(keys.find("ann", 4));  // at once, whatever batch the next command is in
  const auto again = keys.seal("ann", 5);
  CHECK(again != ann);
  keys.write();
  keys.committed(1'000);
  CHECK(files_with(key, folder.path()).empty());
  CHECK_FALSE(keys.open(ann));
  CHECK(keys.find("ann", 6) == again);
  CHECK(keys.open(again) == "ann");
  CHECK(keys.open(bob) == "bob");
}

TEST_CASE("what was sent before a customer was forgotten is his, for a restored store, until it is out of the topic") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann", 1);
  keys.write();
  keys.forget(ann, {3, 1'000});
  keys.committed(1'000);
  CHECK(keys.seal("ann", 2) == ann);
  CHECK(keys.find("ann", 3) == ann);
  CHECK_FALSE(keys.find("ann", 4));
  keys.committed(1'000 + CustomerKeys::hash_kept_ms);
  CHECK(keys.find("ann", 3) == ann);
  keys.committed(1'001 + CustomerKeys::hash_kept_ms);
  CHECK_FALSE(keys.find("ann", 3));
  CHECK(files_with(ann, folder.path()).empty());  // nothing of him is left
}

TEST_CASE("a customer is not forgotten, nor sealed, by a batch that is rolled back") {
  const test::TemporaryDirectory folder;
  CustomerKeys keys{folder.path(), 0};
  const auto ann = keys.seal("ann", 1);
  keys.write();
  keys.committed(0);
  keys.forget(ann, {2, 0});
  const auto other = keys.seal("ann", 3);
  keys.rolled_back();
  CHECK(keys.seal("ann", 3) == ann);
  CHECK(other != ann);
  CHECK_FALSE(keys.open(other));
}
