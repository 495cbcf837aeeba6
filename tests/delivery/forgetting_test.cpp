// Customers whose ids are sealed, over the whole write side: who they are stands in the commands that named them and in
// the keys' file alone, and after ForgetCustomer in no file at all.
#include "customer/v1/customer.pb.h"
#include "delivery/in_memory_system.h"
#include "domain/customer.h"
#include "ordering/v1/ordering.pb.h"
#include "storage/folder_content.h"

namespace orderly::test {
namespace {

constexpr const char* ann = "ann.person@example.org";

class SealedShop : public InMemorySystem {
 public:
  explicit SealedShop(const TemporaryDirectory& keys, std::int32_t partitions = 1, std::size_t batch = 100)
      : InMemorySystem(partitions, batch, {}, keys.path()) {}

  void order(const std::string& id, const std::string& customer = ann) {
    send("ordering.v1.CreateOrder",
         R"({"order_id":")" + id + R"(","customer_id":")" + customer +
             R"(","items":[{"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR","minor_units":100}}]})",
         id + "-create", id);
  }
  void forget(const std::string& command_id, const std::string& customer = ann) {
    send("customer.v1.ForgetCustomer", R"({"customer_id":")" + customer + R"("})", command_id, customer);
  }
  // Whose an order is, as the events say.
  std::string customer_of(const std::string& order_id) const {
    for (const auto& event : events("OrderRecorded")) {
      const auto recorded = event.as<customer::v1::OrderRecorded>();
      if (recorded.order_id() == order_id) return recorded.customer_id();
    }
    return "";
  }
  std::vector<StoredRecord> published() const {
    auto all = events();
    for (const auto topic : {topics::command_results, topics::dead_letters}) {
      for (auto& record : records(topic)) all.push_back(std::move(record));
    }
    return all;
  }
};

bool names_ann(const StoredRecord& record) {
  std::string all = record.key.value_or("") + ' ' + record.value;
  for (const auto& [name, value] : record.headers) all += ' ' + value;
  return all.find(ann) != std::string::npos;
}

// Everything about every event, of one shard's store.
std::string history(storage::UnitOfWork& work) {
  return work.database().query_text(
      "SELECT group_concat(e.position || name || e.version || type || time || command_id || hex(data), char(10)) FROM "
      "(SELECT * FROM events ORDER BY position) e JOIN streams USING (stream)");
}

}  // namespace

TEST_CASE("a sealed customer's events and results name him nowhere, and his history counts") {
  const auto partitions = GENERATE(1, 4);
  const TemporaryDirectory keys;
  SealedShop shop{keys, partitions};
  for (const auto* id : {"o1", "o2", "o3"}) shop.order(id);
  shop.order("o4", "bob");
  shop.run();
  const auto sealed = shop.customer_of("o1");
  CHECK(domain::is_sealed(sealed));
  CHECK(shop.customer_of("o3") == sealed);
  CHECK(shop.customer_of("o4") != sealed);
  for (const auto& record : shop.published()) CHECK_FALSE(names_ann(record));
  CHECK(shop.events("OrderCreated").front().as<ordering::v1::OrderCreated>().customer_id().empty());
  REQUIRE(shop.events("CustomerBecameVip").size() == 1);
  const auto vip = shop.events("CustomerBecameVip").front();
  CHECK(vip.as<customer::v1::CustomerBecameVip>().customer_id() == sealed);
  CHECK(vip.header("ce_subject") == sealed);
  CHECK(vip.header("ce_streamversion") == "4");  // three orders recorded, and this
}

TEST_CASE("a forgotten customer is named in no file nor event, his orders stay, and he may come back as another") {
  const auto partitions = GENERATE(1, 3);
  const TemporaryDirectory keys;
  SealedShop shop{keys, partitions};
  for (const auto* id : {"o1", "o2"}) shop.order(id);
  shop.run();
  const auto sealed = shop.customer_of("o1");
  shop.restart();
  shop.forget("forget");
  shop.run();
  CHECK(shop.outcome("forget") == "ACCEPTED");
  REQUIRE(shop.events("CustomerForgotten").size() == 1);
  CHECK(shop.events("CustomerForgotten").front().header("ce_subject") == sealed);
  shop.forget("forget");
  shop.forget("forget-again");
  shop.run();
  CHECK(shop.results("forget").size() == 2);
  CHECK(shop.outcome("forget-again") == "REJECTED UNKNOWN_CUSTOMER");
  for (const auto& record : shop.published()) CHECK_FALSE(names_ann(record));
  CHECK(files_with(ann, shop.directory()).empty());  // while it works, with its logs and all that waits in its outbox
  CHECK(files_with(ann, keys.path()).empty());
  CHECK(shop.work(kafka::partition_for(ann, partitions)).customer_keys()->open(sealed) == std::nullopt);

  shop.order("o3");
  shop.run();
  CHECK(domain::is_sealed(shop.customer_of("o3")));
  CHECK(shop.customer_of("o3") != sealed);
}

TEST_CASE("what comes of forgetting depends on no batch") {
  std::vector<std::string> outcomes;
  for (const std::size_t batch : {1U, 100U}) {
    const TemporaryDirectory keys;
    SealedShop shop{keys, 1, batch};
    shop.order("o1");
    shop.run();
    shop.forget("first");
    shop.forget("second");
    shop.order("o2");
    shop.run();
    outcomes.push_back(shop.outcome("first") + ", " + shop.outcome("second"));
    CHECK(shop.customer_of("o1") != shop.customer_of("o2"));
  }
  CHECK(outcomes.front() == "ACCEPTED, REJECTED UNKNOWN_CUSTOMER");
  CHECK(outcomes.back() == outcomes.front());
}

TEST_CASE("who cannot be sealed or forgotten is told so") {
  const TemporaryDirectory keys;
  SealedShop shop{keys};
  shop.order("o1", std::string(54, 'x'));
  shop.forget("nobody", "eve");
  shop.run();
  CHECK(shop.outcome("o1-create") == "REJECTED INVALID_COMMAND");
  CHECK(shop.result("o1-create").field() == "customer_id");
  CHECK(shop.outcome("nobody") == "REJECTED UNKNOWN_CUSTOMER");
  InMemorySystem open;
  open.send("customer.v1.ForgetCustomer", R"({"customer_id":"ann"})", "forget", "ann");
  open.run();
  CHECK(open.outcome("forget") == "REJECTED NOT_SEALED");
  CHECK_THROWS_AS(storage::UnitOfWork(shop.directory(), storage::ShardPlace{0, 1}, {}), storage::StoreMismatch);
}

TEST_CASE("a customer forgotten before a crash, or before the keys came back from a copy, stays forgotten") {
  const TemporaryDirectory keys;
  SealedShop shop{keys};
  shop.order("o1");
  shop.run();
  const auto sealed = shop.customer_of("o1");
  const auto file = keys.path() / "customer-keys-0.db", copy = keys.path() / "copy";
  std::filesystem::copy_file(file, copy);
  shop.forget("forget");
  shop.run();
  std::filesystem::copy_file(copy, file, std::filesystem::copy_options::overwrite_existing);
  shop.restart();
  CHECK(shop.work(0).customer_keys()->open(sealed) == std::nullopt);
  CHECK_FALSE(shop.work(0).customer_keys()->find(ann, 100));
}

TEST_CASE("a lost store whose customers were forgotten since comes to the same events, with the keys as they are now") {
  const TemporaryDirectory keys;
  const auto live = [&](SealedShop& shop) {
    for (const auto* id : {"o1", "o2"}) shop.order(id);
    shop.run();
    shop.order("o3");  // makes a VIP of her
    shop.run();
    shop.forget("forget");
    shop.run();
    shop.order("o4");
    shop.run();
  };
  std::string before, after;
  {
    SealedShop shop{keys};
    live(shop);
    REQUIRE(shop.events("CustomerBecameVip").size() == 1);
    REQUIRE(shop.outcome("forget") == "ACCEPTED");
    before = history(shop.work(0));
  }
  SealedShop restored{keys};
  live(restored);
  after = history(restored.work(0));
  CHECK(after == before);
  CHECK_FALSE(restored.work(0).customer_keys()->open(restored.customer_of("o1")));
}

}  // namespace orderly::test
