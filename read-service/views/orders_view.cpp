#include "read-service/views/orders_view.h"

#include <algorithm>
#include <charconv>

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "read-service/views/orders_history.h"
#include "read-service/views/orders_projection.h"

namespace orderly::read {
namespace {

using orders::Status;

constexpr const char* summary_columns = "order_id, customer_id, status, currency, total, version, created_ms ";
constexpr const char* more_columns =
    ", made_ms, paid_ms, shipped_ms, cancelled_ms, cancel_reason, refund_currency, refund ";

void write_money(http::JsonWriter& json, std::string_view name, std::string_view currency, std::int64_t minor_units) {
  json.key(name).begin_object().member("currency", currency).member("minor_units", minor_units).end_object();
}

void write_summary(http::JsonWriter& json, const sqlite::Statement& row) {
  json.member("order_id", row.text(0)).member("customer_id", row.text(1));
  json.member("status", orders::status_names.at(static_cast<std::size_t>(row.integer(2) - 1)));
  write_money(json, "total", row.text(3), row.integer(4));
  json.member("version", row.integer(5)).member("created_at", to_rfc3339(from_unix_ms(row.integer(6))));
}

// Gives how many facts of allocation the lines show.
std::int64_t write_lines(http::JsonWriter& json, Reader& reader, const std::string& order_id) {
  auto& line =
      reader
          .query(
              "SELECT l.sku, l.quantity, currency, unit_price, status, batch_ref, events FROM order_lines AS l "
              "LEFT JOIN line_allocations AS a ON a.order_id = l.order_id AND a.sku = l.sku AND a.quantity = l.of_sku "
              "WHERE l.order_id = ?1 ORDER BY line")
          .bind(order_id);
  std::int64_t facts = 0;
  json.key("lines").begin_array();
  for (; line.step(); facts += line.integer(6)) {
    json.begin_object().member("sku", line.text(0)).member("quantity", line.integer(1));
    write_money(json, "unit_price", line.text(2), line.integer(3));
    json.member("allocation_status", orders::line_status_names.at(static_cast<std::size_t>(line.integer(4))));
    json.key("batch_ref");
    line.text(5).empty() ? json.null() : json.value(line.text(5));
    json.end_object();
  }
  json.end_array();
  return facts;
}

void write_timeline(http::JsonWriter& json, const sqlite::Statement& order) {
  constexpr int made_ms = 7;
  json.key("timeline").begin_array();
  for (int i = 0; i < std::ssize(orders::status_names); ++i) {
    if (order.is_null(made_ms + i)) continue;
    json.begin_object().member("status", orders::status_names.at(static_cast<std::size_t>(i)));
    json.member("time", to_rfc3339(from_unix_ms(order.integer(made_ms + i)))).end_object();
  }
  json.end_array();
}

Answer order_by_id(Reader& reader, const std::string& order_id) {
  static const auto sql = std::string{"SELECT "} + summary_columns + more_columns + "FROM orders WHERE order_id = ?1";
  auto& order = reader.query(sql).bind(order_id);
  if (!order.step()) return {.wake_key = "order/" + order_id};
  http::JsonWriter json;
  json.begin_object();
  write_summary(json, order);
  const auto facts = write_lines(json, reader, order_id);
  write_timeline(json, order);
  if (static_cast<Status>(order.integer(2)) == Status::cancelled) {
    json.member("cancel_reason", order.text(11));
    if (!order.is_null(13)) write_money(json, "refund", order.text(12), order.integer(13));
  }
  return {.json = json.end_object().take(),
          .etag = std::to_string(order.integer(5)) + '.' + std::to_string(facts) + (order.text(1).empty() ? ".0" : ""),
          .version = order.integer(5),
          .wake_key = "order/" + order_id};
}

http::Problem bad(const std::string& detail) { return {.status = 400, .detail = detail}; }

// One status is one range of an index; SQLite merges the ranges row by row, so that no list reads more than it gives.
std::string newest_of(Status status, bool of_customer) {
  return std::string{"SELECT "} + summary_columns +
         "FROM orders WHERE status = " + std::to_string(static_cast<int>(status)) +
         (of_customer ? " AND customer_id = ?3" : "") + " AND (created_ms, order_id) < (?1, ?2)";
}

ListRows list_orders(Reader& reader, const ListRequest& request) {
  const auto* customer_id = request.filter("customer_id");
  const auto* status = request.filter("status");
  std::string sql;
  for (std::size_t i = 0; i < orders::status_names.size(); ++i) {
    if (status != nullptr && *status != orders::status_names.at(i)) continue;
    if (!sql.empty()) sql += " UNION ALL ";
    sql += newest_of(static_cast<Status>(i + 1), customer_id != nullptr);
  }
  if (sql.empty()) return std::unexpected{bad("status: created, paid, shipped or cancelled wanted, got " + *status)};
  std::int64_t before_ms = std::numeric_limits<std::int64_t>::max();
  if (!request.after.empty()) {
    const auto& text = request.after[0];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before_ms);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return std::unexpected{bad("page_token: not one that this service gave")};
    }
  }
  auto& row = reader.query(sql + " ORDER BY created_ms DESC, order_id DESC LIMIT ?4");
  row.bind(before_ms, text_or_empty(request.after.empty() ? nullptr : &request.after[1]), text_or_empty(customer_id),
           request.most);
  std::vector<ListRow> rows;
  while (row.step()) {
    http::JsonWriter json;
    json.begin_object();
    write_summary(json, row);
    rows.push_back({{std::to_string(row.integer(6)), std::string{row.text(0)}}, json.end_object().take()});
  }
  return rows;
}

ListRows count_orders(Reader& reader, const ListRequest& request) {
  auto& row = reader.query("SELECT status, orders FROM order_counts WHERE status > ?1 ORDER BY status LIMIT ?2");
  std::int64_t after = 0;
  for (const auto& text : request.after) std::from_chars(text.data(), text.data() + text.size(), after);
  row.bind(after, request.most);
  std::vector<ListRow> rows;
  while (row.step()) {
    http::JsonWriter json;
    json.begin_object().member("status", orders::status_names.at(static_cast<std::size_t>(row.integer(0) - 1)));
    rows.push_back({{std::to_string(row.integer(0))}, json.member("orders", row.integer(1)).end_object().take()});
  }
  return rows;
}

}  // namespace

ViewDefinition orders_view() {
  return {
      .name = "orders",
      .schema_version = 4,
      .topics = {orders::topics.begin(), orders::topics.end()},
      .schema = orders::schema(),
      .projection = orders::projection,
      .resources = {{.path = "/orders/:order_id", .noun = "order", .query = order_by_id, .as_of = orders::order_as_of}},
      .lists = {{"/orders", {"customer_id", "status"}, 2, list_orders},
                {"/orders/:order_id/history", {}, 1, orders::list_history},
                {"/order-counts", {}, 1, count_orders}}};
}

}  // namespace orderly::read
