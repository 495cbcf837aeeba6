#include "read-service/views/allocations_view.h"

#include "allocation/v1/allocation.pb.h"
#include "common/http/json.h"

namespace orderly::read {
namespace {

namespace v1 = allocation::v1;

// order_versions: of all events that named the order, allocated or not, the highest version (each counts in its own
// sku's stream, and min_version means this highest one) and how many there were, which alone grows with every change.
constexpr const char* schema = R"sql(
  CREATE TABLE allocations(order_id TEXT, sku TEXT, batch_ref TEXT NOT NULL, quantity INTEGER NOT NULL,
                           version INTEGER NOT NULL, PRIMARY KEY(order_id, sku)) WITHOUT ROWID;
  CREATE INDEX allocations_by_sku ON allocations(sku, order_id);
  CREATE INDEX allocations_by_batch ON allocations(batch_ref, order_id, sku);
  CREATE TABLE order_versions(order_id TEXT PRIMARY KEY, version INTEGER NOT NULL,
                              events INTEGER NOT NULL) WITHOUT ROWID;
)sql";

class AllocationsProjection final : public Projection {
 public:
  explicit AllocationsProjection(sqlite::Database& db)
      : put_(db, "INSERT OR REPLACE INTO allocations VALUES (?1, ?2, ?3, ?4, ?5)"),
        remove_(db, "DELETE FROM allocations WHERE order_id = ?1 AND sku = ?2 AND batch_ref = ?3"),
        touch_order_(db,
                     "INSERT INTO order_versions VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE "
                     "SET version = max(version, excluded.version), events = events + 1") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    if (const auto* allocated = event.as<v1::Allocated>()) {
      put_.run(allocated->order_id(), allocated->sku(), allocated->batch_ref(), allocated->quantity(),
               event.stream_version);
      touch(allocated->order_id(), event, changes);
    } else if (const auto* deallocated = event.as<v1::Deallocated>()) {
      if (!deallocated->batch_ref().empty()) {
        remove_.run(deallocated->order_id(), deallocated->sku(), deallocated->batch_ref());
      }
      touch(deallocated->order_id(), event, changes);
    } else if (const auto* out_of_stock = event.as<v1::OutOfStock>()) {
      touch(out_of_stock->order_id(), event, changes);
    }
  }

 private:
  void touch(const std::string& order_id, const PublishedEvent& event, Changes& changes) {
    touch_order_.run(order_id, event.stream_version);
    changes.touch("order", order_id, event.stream_version);
  }

  sqlite::Statement put_, remove_, touch_order_;
};

Answer allocations_of_order(Reader& reader, const std::string& order_id) {
  Answer answer{.wake_key = "order/" + order_id};
  auto& version = reader.query("SELECT version, events FROM order_versions WHERE order_id = ?1").bind(order_id);
  if (!version.step()) return answer;
  answer.version = version.integer(0);
  answer.etag = std::to_string(version.integer(0)) + '.' + std::to_string(version.integer(1));
  auto& line =
      reader.query("SELECT sku, batch_ref, quantity FROM allocations WHERE order_id = ?1 ORDER BY sku").bind(order_id);
  http::JsonWriter json;
  json.begin_array();
  bool any = false;
  for (; line.step(); any = true) {
    json.begin_object()
        .member("sku", line.text(0))
        .member("batch_ref", line.text(1))
        .member("quantity", line.integer(2));
    json.end_object();
  }
  json.end_array();
  if (any) answer.json = json.take();
  return answer;
}

std::vector<ListRow> list_allocations(Reader& reader, const ListRequest& request) {
  const auto* sku = request.filter("sku");
  const auto* batch_ref = request.filter("batch_ref");
  std::string sql =
      "SELECT order_id, sku, batch_ref, quantity, version FROM allocations WHERE (order_id, sku) > (?1, ?2)";
  if (sku != nullptr) sql += " AND sku = ?3";
  if (batch_ref != nullptr) sql += " AND batch_ref = ?4";
  sql += " ORDER BY order_id, sku LIMIT ?5";
  const auto after = request.after.empty() ? std::vector<std::string>{"", ""} : request.after;
  auto& row = reader.query(sql).bind(after[0], after[1], text_or_empty(sku), text_or_empty(batch_ref), request.most);
  std::vector<ListRow> rows;
  while (row.step()) {
    http::JsonWriter json;
    json.begin_object().member("order_id", row.text(0)).member("sku", row.text(1)).member("batch_ref", row.text(2));
    json.member("quantity", row.integer(3)).member("version", row.integer(4)).end_object();
    rows.push_back({{std::string{row.text(0)}, std::string{row.text(1)}}, json.take()});
  }
  return rows;
}

}  // namespace

ViewDefinition allocations_view() {
  return {.name = "allocations",
          .schema_version = 1,
          .topics = {"allocation.events"},
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<AllocationsProjection>(db); },
          .resources = {{"/allocations/:order_id", "allocation of order", allocations_of_order}},
          .lists = {{"/allocations", {"sku", "batch_ref"}, 2, list_allocations}}};
}

}  // namespace orderly::read
