#include "simulation/checks.h"

#include "delivery/shop_invariants.h"
#include "simulation/shop.h"
#include "storage/unit_of_work.h"
#include "topics.h"

namespace orderly::simulation {

std::vector<Seen> committed(const Broker& broker, std::string_view topic) {
  std::vector<Seen> seen;
  for (const auto& [place, log] : broker.logs()) {
    if (place.first != topic) continue;
    for (std::size_t offset = 0; offset < log.size(); ++offset) {
      if (log[offset].state == Record::State::committed)
        seen.push_back({place.second, static_cast<std::int64_t>(offset), &log[offset]});
    }
  }
  return seen;
}

Violations violations(const Evidence& evidence) {
  Violations found;
  Shop shop;
  check_answers(evidence, found);
  check_events(evidence, shop, found);
  check_views(evidence, shop, found);
  check_stores(evidence, shop, found);
  return found;
}

void check_events(const Evidence& evidence, Shop& shop, Violations& violations) {
  std::set<std::string> ids;
  const auto add = [&](std::vector<std::string> sentences) {
    violations.insert(violations.end(), sentences.begin(), sentences.end());
  };
  for (const auto topic : {topics::allocation_events, topics::ordering_events, topics::customer_events}) {
    std::string command;
    for (const auto& [partition, offset, event] : committed(evidence.broker, topic)) {
      const auto subject = event->header("ce_subject"), id = event->header("ce_id");
      if (!ids.insert(id).second) violations.push_back("event " + id + " is published twice");
      if (partition != kafka::partition_for(subject, evidence.broker.partitions()))
        violations.push_back("event " + id + " is on a foreign partition");
      const auto category = topic == topics::allocation_events ? "product/"
                            : topic == topics::ordering_events ? "order/"
                                                               : "customer/";
      auto& version = shop.versions[category + subject];
      if (event->header("ce_streamversion") != std::to_string(++version))
        violations.push_back("stream " + subject + " goes on with version " + event->header("ce_streamversion") +
                             " where " + std::to_string(version) + " is next");
      if (event->header("ce_causationid") != command) add(shop.end_of_command());
      command = event->header("ce_causationid");
      add(shop.apply(*event));
    }
    add(shop.end_of_command());
  }
  std::map<std::string, int> orders;
  for (const auto& [id, order] : shop.orders) {
    ++orders[order.customer];
    if (evidence.has_deadline && order.status == "created")
      violations.push_back("order " + id + " is unpaid behind its deadline");
  }
  for (const auto& [customer, count] : orders) {
    if ((count >= 3) != shop.vips.contains(customer))
      violations.push_back("customer " + customer + " with " + std::to_string(count) + " orders is " +
                           (count >= 3 ? "no VIP" : "a VIP"));
  }
}

namespace {

// Each shard's store, opened as after a restart.
using Stores = std::vector<std::unique_ptr<storage::UnitOfWork>>;

void check_rest(const Evidence& evidence, const Shop& shop, storage::UnitOfWork& work, Violations& violations) {
  const auto shard = std::to_string(work.place().shard);
  if (work.held().size() > 0) violations.push_back("shard " + shard + " still holds commands");
  for (Lane lane = 0; lane < topics::lanes.size(); ++lane) {
    const auto out = evidence.broker.watermark({std::string{topics::lanes[lane]}, work.place().shard});
    if (std::max<std::int64_t>(0, out) != work.lane(lane).next_sequence)
      violations.push_back("shard " + shard + ", lane " + std::to_string(lane) + ": " + std::to_string(out) +
                           " messages are out, the store has " + std::to_string(work.lane(lane).next_sequence));
  }
  sqlite::Statement streams{work.database(), "SELECT name, published FROM streams"};
  while (streams.step()) {
    const auto found = shop.versions.find(std::string{streams.text(0)});
    const auto published = found == shop.versions.end() ? 0 : found->second;
    if (streams.integer(1) != published)
      violations.push_back(std::string{streams.text(0)} + " has published " + std::to_string(streams.integer(1)) +
                           " versions, the topic has " + std::to_string(published));
  }
}

}  // namespace

void check_stores(const Evidence& evidence, const Shop& shop, Violations& violations) try {
  Stores stores;
  for (const auto& shard : evidence.shards) {
    shard->stop();
    auto options = shard->options();
    options.store.cache_bytes = 1'000'000;
    stores.push_back(std::make_unique<storage::UnitOfWork>(shard->folder(), options.place, options.store));
    check_rest(evidence, shop, *stores.back(), violations);
  }
  const auto store_of = [&](const std::string& id) -> storage::UnitOfWork& {
    return *stores[static_cast<std::size_t>(kafka::partition_for(id, evidence.broker.partitions()))];
  };
  const auto add = [&](const std::vector<std::string>& sentences) {
    violations.insert(violations.end(), sentences.begin(), sentences.end());
  };
  for (const auto& [id, known] : shop.orders) {
    const auto& order = store_of(id).aggregates().load<domain::Order>(id).state;
    for (const auto& [sku, line] : order.lines) {
      add(test::line_violations(order, id, sku, store_of(sku).aggregates().load<domain::Product>(sku).state));
    }
  }
  for (const std::string sku : {"A", "B", "C", "D"}) {
    add(test::stock_violations(sku, store_of(sku).aggregates().load<domain::Product>(sku).state));
  }
} catch (const std::exception& error) {
  violations.push_back(std::string{"a store cannot be read: "} + error.what());
}

}  // namespace orderly::simulation
