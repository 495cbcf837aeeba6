#include "messaging/v1/messaging.pb.h"
#include "simulation/checks.h"
#include "simulation/shop.h"
#include "topics.h"

namespace orderly::simulation {
namespace {

using Rows = std::vector<std::string>;  // sorted, columns with a bar between them

Rows sorted(Rows rows) {
  std::ranges::sort(rows);
  return rows;
}

template <class... Columns>
std::string row(const Columns&... columns) {
  std::string text;
  const auto add = [&](const auto& column) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(column)>>) {
      text.append(std::to_string(column));
    } else {
      text.append(column);
    }
    text.push_back('|');
  };
  (add(columns), ...);
  return text;
}

// What the view has, and what it should have: the same columns.
struct Table {
  std::string sql;
  Rows expected;
};

Table orders(const Shop& shop) {
  Table table{"SELECT order_id, customer_id, status, total, version FROM orders", {}};
  for (const auto& [id, order] : shop.orders) {
    const int status = order.status == "created" ? 1 : order.status == "paid" ? 2 : order.status == "shipped" ? 3 : 4;
    table.expected.push_back(row(id, order.customer, status, order.total, order.version));
  }
  return table;
}

Table customers(const Shop& shop) {
  Table table{"SELECT customer_id, orders, cancelled_orders, vip_since_ms IS NOT NULL FROM customers", {}};
  std::map<std::string, std::pair<int, int>> counts;
  for (const auto& [id, order] : shop.orders) {
    ++counts[order.customer].first;
    if (order.status == "cancelled") ++counts[order.customer].second;
  }
  for (const auto& [id, count] : counts) {
    table.expected.push_back(row(id, count.first, count.second, shop.vips.contains(id) ? 1 : 0));
  }
  return table;
}

Table products(const Shop& shop) {
  Table table{"SELECT sku, batches, quantity, allocated, version FROM products WHERE batches > 0", {}};
  std::map<std::string, std::array<std::int64_t, 3>> sums;
  for (const auto& [ref, batch] : shop.batches) {
    auto& sum = sums[batch.sku];
    sum[0] += 1;
    sum[1] += batch.quantity;
    sum[2] += batch.allocated;
  }
  for (const auto& [sku, sum] : sums) {
    table.expected.push_back(row(sku, sum[0], sum[1], sum[2], shop.versions.at("product/" + sku)));
  }
  return table;
}

// A command's last result.
Table results(const Broker& broker) {
  Table table{"SELECT command_id, status, code, version FROM command_results", {}};
  std::map<std::string, std::string> rows;
  for (const auto& seen : committed(broker, topics::command_results)) {
    messaging::v1::CommandResult result;
    result.ParseFromString(seen.record->value);
    rows[result.command_id()] =
        row(result.command_id(), static_cast<int>(result.status()), result.code(), result.version());
  }
  for (const auto& [id, text] : rows) table.expected.push_back(text);
  return table;
}

Table table_of(const std::string& view, const Evidence& evidence, const Shop& shop) {
  Table table;
  if (view == "allocations") {
    table.sql = "SELECT order_id, sku, batch_ref, quantity FROM allocations";
    for (const auto& [key, line] : shop.lines) {
      table.expected.push_back(row(key.first, key.second, line.batch_ref, line.quantity));
    }
  } else if (view == "batches") {
    table.sql = "SELECT batch_ref, sku, quantity, allocated FROM batches";
    for (const auto& [ref, batch] : shop.batches) {
      table.expected.push_back(row(ref, batch.sku, batch.quantity, batch.allocated));
    }
  } else if (view == "dead_letters") {
    table.sql = "SELECT partition, offset, command_id FROM dead_letters";
    for (const auto& [partition, offset, record] : committed(evidence.broker, topics::dead_letters)) {
      table.expected.push_back(row(partition, offset, record->header("ce_id")));
    }
  } else {
    table = view == "orders"      ? orders(shop)
            : view == "customers" ? customers(shop)
            : view == "products"  ? products(shop)
                                  : results(evidence.broker);
  }
  return table;
}

Rows rows_of(const std::filesystem::path& file, const std::string& sql) {
  sqlite::Database db{file, sqlite::OpenMode::read_only};
  sqlite::Statement select{db, sql};
  Rows rows;
  const auto columns = std::ranges::count(sql.substr(0, sql.find(" FROM")), ',') + 1;
  while (select.step()) {
    std::string text;
    for (int i = 0; i < columns; ++i) text.append(select.text(i)).push_back('|');
    rows.push_back(std::move(text));
  }
  return rows;
}

}  // namespace

void check_views(const Evidence& evidence, const Shop& shop, Violations& violations) {
  for (const auto& view : evidence.reader.views()) {
    const auto& name = view->definition.name;
    const auto readers = view->readers();
    if (!readers) {
      violations.push_back("view " + name + " is not served");
      continue;
    }
    const auto table = table_of(name, evidence, shop);
    const auto expected = sorted(table.expected), found = sorted(rows_of(readers->file(), table.sql));
    if (expected == found) continue;
    violations.push_back("view " + name + " is not the fold of the events:");
    for (const auto& line : expected) violations.push_back("  should have " + line);
    for (const auto& line : found) violations.push_back("  has         " + line);
  }
}

}  // namespace orderly::simulation
