#include "read-service/views/batches_view.h"

#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "common/http/json.h"

namespace orderly::read {
namespace {

namespace v1 = allocation::v1;

constexpr const char* topic = "allocation.events";

// version: of the sku's stream, when the batch last changed.
constexpr const char* schema = R"sql(
  CREATE TABLE batches(batch_ref TEXT PRIMARY KEY, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
                       allocated INTEGER NOT NULL, eta TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX batches_by_sku ON batches(sku, batch_ref);
)sql";

class BatchesProjection final : public Projection {
 public:
  explicit BatchesProjection(sqlite::Database& db)
      : db_(db),
        create_(db, "INSERT INTO batches VALUES (?1, ?2, ?3, 0, ?4, ?5)"),
        set_quantity_(db, "UPDATE batches SET quantity = ?2, version = ?3 WHERE batch_ref = ?1"),
        allocate_(db, "UPDATE batches SET allocated = allocated + ?2, version = ?3 WHERE batch_ref = ?1") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    changes.touch("sku", event.subject, event.stream_version);
    if (const auto* created = event.as<v1::BatchCreated>()) {
      create_.run(created->batch_ref(), created->sku(), created->quantity(), created->eta(), event.stream_version);
      changes.touch("batch", created->batch_ref(), event.stream_version);
    } else if (const auto* changed = event.as<v1::BatchQuantityChanged>()) {
      change(set_quantity_, changed->batch_ref(), changed->quantity(), event);
    } else if (const auto* allocated = event.as<v1::Allocated>()) {
      change(allocate_, allocated->batch_ref(), allocated->quantity(), event);
    } else if (const auto* deallocated = event.as<v1::Deallocated>()) {
      if (!deallocated->batch_ref().empty())
        change(allocate_, deallocated->batch_ref(), -deallocated->quantity(), event);
    }
  }

 private:
  void change(sqlite::Statement& statement, const std::string& batch_ref, std::int64_t quantity,
              const PublishedEvent& event) {
    statement.run(batch_ref, quantity, event.stream_version);
    if (db_.changes() == 0) throw std::runtime_error{"there is no batch " + batch_ref};
  }

  const sqlite::Database& db_;
  sqlite::Statement create_, set_quantity_, allocate_;
};

constexpr const char* columns = "SELECT batch_ref, sku, quantity, allocated, eta, version FROM batches ";

std::string to_json(const sqlite::Statement& row) {
  http::JsonWriter json;
  json.begin_object().member("batch_ref", row.text(0)).member("sku", row.text(1)).member("quantity", row.integer(2));
  json.member("allocated", row.integer(3)).member("available", row.integer(2) - row.integer(3)).key("eta");
  row.text(4).empty() ? json.null() : json.value(row.text(4));  // none: in the warehouse
  return json.member("version", row.integer(5)).end_object().take();
}

Answer batch_by_reference(Reader& reader, const std::string& batch_ref) {
  auto& row = reader.query(std::string{columns} + "WHERE batch_ref = ?1").bind(batch_ref);
  if (!row.step()) return {.wake_key = "batch/" + batch_ref};
  const std::string sku{row.text(1)};
  return {.json = to_json(row),
          .etag = std::to_string(row.integer(5)),
          .version = stream_version(reader, topic, sku),
          .wake_key = "sku/" + sku};
}

std::vector<ListRow> list_batches(Reader& reader, const ListRequest& request) {
  const auto* sku = request.filter("sku");
  const std::string where = sku != nullptr ? "WHERE sku = ?2 AND batch_ref > ?1" : "WHERE batch_ref > ?1";
  auto& row = reader.query(columns + where + " ORDER BY batch_ref LIMIT ?3");
  row.bind(text_or_empty(request.after.empty() ? nullptr : &request.after[0]), text_or_empty(sku), request.most);
  std::vector<ListRow> rows;
  while (row.step()) rows.push_back({{std::string{row.text(0)}}, to_json(row)});
  return rows;
}

}  // namespace

ViewDefinition batches_view() {
  return {.name = "batches",
          .schema_version = 1,
          .topics = {topic},
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<BatchesProjection>(db); },
          .resources = {{"/batches/:batch_ref", "batch", batch_by_reference}},
          .lists = {{"/batches", {"sku"}, 1, list_batches}}};
}

}  // namespace orderly::read
