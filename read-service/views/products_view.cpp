#include "read-service/views/products_view.h"

#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "common/http/json.h"

namespace orderly::read {
namespace {

namespace v1 = allocation::v1;

// Totals are kept, not summed at each query: a product may have a million lines. For the same reason its past is kept
// as what it was at each version, not as events to be folded again. time_ms: when the version came about; the sender's
// clock may go back, versions do not. The indexes hold only the few products that somebody should look at, so that all
// others cost them nothing.
constexpr const char* schema = R"sql(
  CREATE TABLE products(sku TEXT PRIMARY KEY, batches INTEGER NOT NULL, quantity INTEGER NOT NULL,
                        allocated INTEGER NOT NULL, backordered_lines INTEGER NOT NULL,
                        backordered_quantity INTEGER NOT NULL, version INTEGER NOT NULL,
                        time_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE product_versions(sku TEXT, version INTEGER, batches INTEGER NOT NULL, quantity INTEGER NOT NULL,
                                allocated INTEGER NOT NULL, backordered_lines INTEGER NOT NULL,
                                backordered_quantity INTEGER NOT NULL, time_ms INTEGER NOT NULL,
                                PRIMARY KEY(sku, version)) WITHOUT ROWID;
  CREATE TABLE batch_quantities(batch_ref TEXT PRIMARY KEY, quantity INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE waiting_lines(sku TEXT, order_id TEXT, quantity INTEGER NOT NULL,
                             PRIMARY KEY(sku, order_id)) WITHOUT ROWID;
  CREATE INDEX products_backordered ON products(-backordered_quantity, sku) WHERE backordered_lines > 0;
  CREATE INDEX products_low ON products(quantity - allocated, sku) WHERE quantity - allocated <= 10;
)sql";

// What an event adds to a product's totals.
struct Sums {
  std::int64_t batches = 0, quantity = 0, allocated = 0, backordered_lines = 0, backordered_quantity = 0;
};

class ProductsProjection final : public Projection {
 public:
  explicit ProductsProjection(sqlite::Database& db)
      : add_(db,
             "INSERT INTO products VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
             "batches = batches + ?2, quantity = quantity + ?3, allocated = allocated + ?4, "
             "backordered_lines = backordered_lines + ?5, backordered_quantity = backordered_quantity + ?6, version = "
             "?7, time_ms = max(time_ms, ?8)"),
        remember_(db,
                  "INSERT INTO product_versions SELECT sku, version, batches, quantity, allocated, backordered_lines, "
                  "backordered_quantity, time_ms FROM products WHERE sku = ?1"),
        create_batch_(db, "INSERT INTO batch_quantities VALUES (?1, ?2)"),
        batch_quantity_(db, "SELECT quantity FROM batch_quantities WHERE batch_ref = ?1"),
        set_batch_quantity_(db, "UPDATE batch_quantities SET quantity = ?2 WHERE batch_ref = ?1"),
        begin_waiting_(db, "INSERT INTO waiting_lines VALUES (?1, ?2, ?3)"),
        waiting_quantity_(db, "SELECT quantity FROM waiting_lines WHERE sku = ?1 AND order_id = ?2"),
        end_waiting_(db, "DELETE FROM waiting_lines WHERE sku = ?1 AND order_id = ?2") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    const auto sums = sums_of(event);
    add_.run(event.subject, sums.batches, sums.quantity, sums.allocated, sums.backordered_lines,
             sums.backordered_quantity, event.stream_version, to_unix_ms(event.happened()));
    remember_.run(event.subject);
    changes.touch("sku", event.subject, event.stream_version);
  }

 private:
  Sums sums_of(const PublishedEvent& event) {
    Sums sums;
    if (const auto* created = event.as<v1::BatchCreated>()) {
      create_batch_.run(created->batch_ref(), created->quantity());
      sums = {.batches = 1, .quantity = created->quantity()};
    } else if (const auto* changed = event.as<v1::BatchQuantityChanged>()) {
      sums.quantity = changed->quantity() - quantity_of(changed->batch_ref());
      set_batch_quantity_.run(changed->batch_ref(), changed->quantity());
    } else if (const auto* allocated = event.as<v1::Allocated>()) {
      sums = end_waiting(event.subject, allocated->order_id());
      sums.allocated = allocated->quantity();
    } else if (const auto* deallocated = event.as<v1::Deallocated>()) {
      if (deallocated->batch_ref().empty()) return end_waiting(event.subject, deallocated->order_id());
      sums.allocated = -deallocated->quantity();
    } else if (const auto* out_of_stock = event.as<v1::OutOfStock>();
               out_of_stock != nullptr && out_of_stock->backordered()) {
      sums = end_waiting(event.subject, out_of_stock->order_id());  // one that waits already waits once
      begin_waiting_.run(event.subject, out_of_stock->order_id(), out_of_stock->quantity());
      ++sums.backordered_lines;
      sums.backordered_quantity += out_of_stock->quantity();
    }
    return sums;
  }

  // Looked up first: nearly no line waits, and DELETE … RETURNING makes a table of its own each time.
  Sums end_waiting(std::string_view sku, const std::string& order_id) {
    const bool waits = waiting_quantity_.bind(sku, order_id).step();
    const auto quantity = waits ? waiting_quantity_.integer(0) : 0;
    waiting_quantity_.reset();
    if (!waits) return {};
    end_waiting_.run(sku, order_id);
    return {.backordered_lines = -1, .backordered_quantity = -quantity};
  }

  std::int64_t quantity_of(const std::string& batch_ref) {
    if (!batch_quantity_.bind(batch_ref).step()) throw std::runtime_error{"there is no batch " + batch_ref};
    const auto quantity = batch_quantity_.integer(0);
    batch_quantity_.reset();
    return quantity;
  }

  sqlite::Statement add_, remember_, create_batch_, batch_quantity_, set_batch_quantity_, begin_waiting_,
      waiting_quantity_, end_waiting_;
};

std::string to_json(std::string_view sku, const sqlite::Statement& row) {
  http::JsonWriter json;
  json.begin_object().member("sku", sku).member("quantity", row.integer(0)).member("allocated", row.integer(1));
  json.member("available", row.integer(0) - row.integer(1)).member("batches", row.integer(2));
  json.member("backordered_lines", row.integer(3)).member("backordered_quantity", row.integer(4));
  return json.member("version", row.integer(5)).end_object().take();
}

Answer to_answer(const std::string& sku, const sqlite::Statement& row) {
  return {.json = to_json(sku, row), .etag = std::to_string(row.integer(5)), .version = row.integer(5)};
}

constexpr const char* columns =
    "SELECT quantity, allocated, batches, backordered_lines, backordered_quantity, version, time_ms ";

Answer product_by_sku(Reader& reader, const std::string& sku) {
  auto& row = reader.query(std::string{columns} + "FROM products WHERE sku = ?1").bind(sku);
  Answer answer;
  if (row.step()) answer = to_answer(sku, row);
  answer.wake_key = "sku/" + sku;
  return answer;
}

// The newest up to that version; nothing when there is none.
const sqlite::Statement* version_up_to(Reader& reader, const std::string& sku, std::int64_t version) {
  auto& row = reader.query(std::string{columns} +
                           "FROM product_versions WHERE sku = ?1 AND version <= ?2 ORDER BY version DESC LIMIT 1");
  return row.bind(sku, version).step() ? &row : nullptr;
}

// By halves: times never fall with the version, and no index by time is needed.
std::int64_t version_at(Reader& reader, const std::string& sku, std::int64_t present, Time time) {
  std::int64_t low = 0, too_high = present + 1;
  while (too_high - low > 1) {
    const auto middle = low + (too_high - low) / 2;
    const auto* row = version_up_to(reader, sku, middle);
    (row == nullptr || row->integer(6) <= to_unix_ms(time) ? low : too_high) = middle;
  }
  return low;
}

Answer product_as_of(Reader& reader, const std::string& sku, const AsOf& as_of) {
  const auto present = product_by_sku(reader, sku).version;
  if (as_of.version > present) return {};
  const auto version = as_of.time ? version_at(reader, sku, present, *as_of.time) : as_of.version;
  const auto* row = version_up_to(reader, sku, version);
  return row == nullptr ? Answer{} : to_answer(sku, *row);
}

// By sku; or those whose stock asks for attention, the worst first, by an index of their own.
ListRows list_products(Reader& reader, const ListRequest& request) {
  const auto* stock = request.filter("stock");
  std::string rank = "0", where = "sku > ?2", order = "sku";
  if (stock != nullptr) {
    const bool low = *stock == "low";
    if (!low && *stock != "backordered") {
      return std::unexpected{http::Problem{.status = 400, .detail = "stock: backordered or low wanted, got " + *stock}};
    }
    rank = low ? "quantity - allocated" : "-backordered_quantity";
    where = std::string{low ? "quantity - allocated <= 10" : "backordered_lines > 0"} + " AND " + rank +
            " >= ?1 AND (" + rank + " > ?1 OR sku > ?2)";
    order = rank + ", sku";
  }
  auto& row = reader.query(std::string{columns} + ", sku, " + rank + " FROM products WHERE " + where + " ORDER BY " +
                           order + " LIMIT ?3");
  auto after = std::numeric_limits<std::int64_t>::min();
  if (!request.after.empty()) after = std::strtoll(request.after[0].c_str(), nullptr, 10);
  row.bind(after, text_or_empty(request.after.empty() ? nullptr : &request.after[1]), request.most);
  std::vector<ListRow> rows;
  while (row.step()) {
    rows.push_back({{std::to_string(row.integer(8)), std::string{row.text(7)}}, to_json(row.text(7), row)});
  }
  return rows;
}

}  // namespace

ViewDefinition products_view() {
  return {.name = "products",
          .schema_version = 3,
          .topics = {"allocation.events"},
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<ProductsProjection>(db); },
          .resources = {{.path = "/products/:sku", .noun = "product", .query = product_by_sku, .as_of = product_as_of}},
          .lists = {{"/products", {"stock"}, 2, list_products}}};
}

}  // namespace orderly::read
