// The orders view equals a naive fold of the topics, whatever the order in which their partitions are read.
#include <catch2/catch.hpp>
#include <random>

#include "read-service/views/orders_view.h"
#include "tests/views/projected_view.h"

using namespace orderly;
using namespace orderly::test;

namespace {

// The naive side: what an order is, by no other means than a few maps.
struct NaiveOrder {
  std::vector<OrderItem> items;
  std::string status;
  std::int64_t version = 0, total = 0;
  std::size_t events = 0;
};
struct NaiveFact {
  std::string status, batch_ref;
};

struct World {
  explicit World(std::uint32_t seed) : random(seed) {
    for (int i = 0; i < 6; ++i) orders.emplace_back("o" + std::to_string(i), "c" + std::to_string(i % 2));
    for (const char* sku : {"LAMP", "CHAIR", "DESK"}) skus.emplace_back(sku, Stream{sku});
    for (int i = 0; i < 120; ++i) coin(3) ? act_on_order() : act_on_stock();
  }

  bool coin(unsigned in) { return random() % in == 0; }
  void publish(Record record, std::size_t stream) {
    record.partition = static_cast<std::int32_t>(stream % 2);
    logs[{record.topic, record.partition}].push_back(std::move(record));
  }

  void act_on_order() {
    const auto which = random() % orders.size();
    auto& stream = orders[which];
    auto& naive = expected[stream.id()];
    const auto then = [&](Record record, const std::string& status) {
      publish(std::move(record), which);
      naive.status = status;
      ++naive.version;
      ++naive.events;
    };
    if (naive.status.empty()) {
      for (const auto& [sku, product] : skus) {
        if (naive.items.empty() || coin(2)) naive.items.push_back({sku, std::int64_t(1 + random() % 3), 5});
      }
      then(stream.created(naive.items), "created");
      naive.total = stream.total();
    } else if (naive.status == "created" && coin(2)) {
      then(stream.paid(), "paid");
    } else if (naive.status == "paid" && coin(2)) {
      then(stream.shipped(), "shipped");
    } else if ((naive.status == "created" || naive.status == "paid") && coin(3)) {
      then(stream.cancelled("why not"), "cancelled");
    } else if (naive.status != "cancelled") {
      then(stream.allocated(), naive.status);
    }
  }

  void act_on_stock() {
    const auto which = random() % skus.size();
    auto& [sku, product] = skus[which];
    const auto order_id = "o" + std::to_string(random() % orders.size());
    const auto quantity = std::int64_t(1 + random() % 3);
    auto& fact = facts[{order_id, sku, quantity}];
    ++expected[order_id].events;
    if (fact.status != "allocated" && coin(2)) {
      fact = {"allocated", "b" + std::to_string(random() % 9)};
      publish(product.allocated(order_id, quantity, fact.batch_ref), which);
    } else if (fact.status == "allocated") {
      publish(product.deallocated(order_id, quantity, fact.batch_ref), which);
      fact = {"pending", ""};
    } else {
      publish(product.out_of_stock(order_id, quantity, coin(2)), which);
      fact = {"out_of_stock", ""};
    }
  }

  std::string expected_json(const OrderStream& order) const {
    const auto& naive = expected.at(order.id());
    if (naive.status.empty()) return "none";
    std::string json;
    for (const auto& [sku, quantity, price] : naive.items) {
      const auto fact = facts.find({order.id(), sku, quantity});
      const auto [status, batch_ref] = fact == facts.end() ? NaiveFact{"pending", ""} : fact->second;
      json += (json.empty() ? "" : ",") + ("{\"sku\":\"" + sku) + "\",\"quantity\":" + std::to_string(quantity) +
              ",\"unit_price\":{\"currency\":\"GBP\",\"minor_units\":" + std::to_string(price) +
              "},\"allocation_status\":\"" + status +
              "\",\"batch_ref\":" + (batch_ref.empty() ? "null" : '"' + batch_ref + '"') + '}';
    }
    return naive.status + " " + std::to_string(naive.version) + " " + std::to_string(naive.total) + " [" + json + ']';
  }

  std::mt19937 random;
  std::vector<OrderStream> orders;
  std::vector<std::pair<std::string, Stream>> skus;
  std::map<std::pair<std::string, std::int32_t>, std::vector<Record>> logs;
  std::map<std::string, NaiveOrder> expected;
  std::map<std::tuple<std::string, std::string, std::int64_t>, NaiveFact> facts;
};

// Reads the partitions in any order, in batches of any size, some of it twice, with restarts between.
void read_in_any_order(World& world, ProjectedView& view, std::mt19937& random) {
  std::map<std::pair<std::string, std::int32_t>, std::size_t> next;
  std::vector<std::pair<std::int64_t, Record>> batch;
  while (true) {
    std::vector<std::pair<std::string, std::int32_t>> open;
    for (const auto& [place, log] : world.logs) {
      if (next[place] < log.size()) open.push_back(place);
    }
    if (open.empty() || random() % 8 == 0) {
      view.apply_at(batch);
      if (random() % 4 == 0) view.reopen();
      if (random() % 4 == 0) view.apply_at(batch);
      batch.clear();
    }
    if (open.empty()) return;
    const auto place = open[random() % open.size()];
    const auto at = next[place]++;
    batch.emplace_back(static_cast<std::int64_t>(at), world.logs[place][at]);
  }
}

std::string between(const std::string& json, const std::string& from, const std::string& to) {
  const auto begin = json.find(from) + from.size();
  return json.substr(begin, json.find(to, begin) - begin);
}

std::string condensed(const std::string& json) {
  if (json == "none") return json;
  return between(json, R"("status":")", "\"") + ' ' + between(json, R"("version":)", ",") + ' ' +
         between(json, R"("minor_units":)", "}") + " [" + between(json, R"("lines":[)", "],\"timeline\"") + ']';
}

}  // namespace

TEST_CASE("the orders view is the same whatever the interleaving of its topics, and equals a naive fold") {
  std::size_t shown = 0;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    World world{seed};
    ProjectedView one{read::orders_view()}, other{read::orders_view()};
    std::mt19937 first{seed}, second{seed + 1'000};
    read_in_any_order(world, one, first);
    read_in_any_order(world, other, second);
    for (const auto& order : world.orders) {
      const auto answer = one.resource(order.id());
      CHECK(condensed(answer.json.value_or("none")) == world.expected_json(order));
      CHECK(other.resource(order.id()).json == answer.json);
      CHECK(other.resource(order.id()).etag == answer.etag);
      if (!answer.json) continue;
      ++shown;
      const auto history = one.rows({.filters = {{"order_id", order.id()}}, .after = {}, .most = 0}, 1);
      CHECK(history.size() == world.expected[order.id()].events);
      CHECK(one.json_at(order.id(), order.version()) == answer.json);
      for (std::int64_t version = 1; version <= std::min<std::int64_t>(3, order.version()); ++version) {
        CHECK(one.json_at(order.id(), version) == other.json_at(order.id(), version));
      }
    }
  }
  CHECK(shown > 100);
}
