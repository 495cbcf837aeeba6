#include "floor_rows.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "common/clock/rfc3339.h"
#include "common/sqlite/database.h"
#include "customer/v1/customer.pb.h"
#include "messaging/v1/messaging.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "read-service/all_views.h"

namespace orderly::bench {
namespace {

// What the rows need of a record.
struct Event {
  const rd_kafka_message_t* record = nullptr;
  std::string_view topic, id, type, subject, cause, reason, detail;
  std::int64_t version = 0, time_ms = 0;
  sqlite::Blob data() const { return std::as_bytes(std::span{static_cast<const char*>(record->payload), record->len}); }
};

Event to_event(const rd_kafka_message_t& record) {
  Event event;
  event.record = &record;
  event.topic = rd_kafka_topic_name(record.rkt);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return event;
  const char* name = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    const std::string_view key{name}, value{static_cast<const char*>(bytes), size};
    if (key == "ce_id") event.id = value;
    if (key == "ce_type") event.type = value;
    if (key == "ce_subject") event.subject = value;
    if (key == "ce_causationid") event.cause = value;
    if (key == "ce_streamversion") std::from_chars(value.data(), value.data() + value.size(), event.version);
    if (key == "ce_time") event.time_ms = to_unix_ms(parse_rfc3339(value).value_or(Time{}));
    if (key == "dlq-reason") event.reason = value;
    if (key == "dlq-detail") event.detail = value;
  }
  return event;
}

template <class Message>
Message parse(const Event& event) {
  Message message;
  message.ParseFromArray(event.record->payload, static_cast<int>(event.record->len));
  return message;
}

// One view's file: its tables are the view's own.
struct File {
  File(const std::filesystem::path& folder, read::ViewDefinition view)
      : db(folder / (view.name + ".1.db"), sqlite::OpenMode::read_write), topics(std::move(view.topics)) {
    db.execute("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000");
    db.execute(
        "CREATE TABLE checkpoints(topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL, "
        "PRIMARY KEY(topic, partition)) WITHOUT ROWID");
    db.execute(view.schema);
  }
  sqlite::Statement prepare(const char* sql) const { return sqlite::Statement{db, sql}; }
  sqlite::Database db;
  std::vector<std::string> topics;
};

}  // namespace

struct FloorRows::Files {
  explicit Files(const std::filesystem::path& folder) : files(open_all(folder)) {}

  static std::map<std::string, File> open_all(const std::filesystem::path& folder) {
    std::map<std::string, File> files;
    for (auto& view : read::all_views()) {
      const auto name = view.name;
      files.try_emplace(name, folder, std::move(view));
    }
    return files;
  }
  sqlite::Statement prepare(const char* view, const char* sql) const { return files.at(view).prepare(sql); }

  void put(const Event& event) {
    if (event.topic == "dead-letters") return put_dead_letter(event);
    if (event.type == "messaging.v1.CommandResult") return put_result(parse<messaging::v1::CommandResult>(event));
    if (event.type == "allocation.v1.BatchCreated") return put_batch(event, parse<allocation::v1::BatchCreated>(event));
    if (event.type == "allocation.v1.Allocated") return put_line(event, parse<allocation::v1::Allocated>(event));
    if (event.type == "ordering.v1.OrderCreated") return put_order(event, parse<ordering::v1::OrderCreated>(event));
    if (event.type == "customer.v1.CustomerBecameVip") return vip.run(event.subject, event.time_ms);
    change_order(event);
  }

  void put_batch(const Event& event, const allocation::v1::BatchCreated& e) {
    batch.run(e.batch_ref(), e.sku(), e.quantity(), event.version);
    product.run(e.sku(), e.quantity(), event.version, event.time_ms, 0);
    product_version.run(e.sku());
    batch_quantity.run(e.batch_ref(), e.quantity());
  }

  void put_line(const Event& event, const allocation::v1::Allocated& e) {
    line_row.run(e.order_id(), e.sku(), e.batch_ref(), e.quantity(), event.version);
    order_version.run(e.order_id(), event.version);
    batch_allocated.run(e.batch_ref(), e.quantity(), event.version);
    product.run(e.sku(), 0, event.version, event.time_ms, e.quantity());
    product_version.run(e.sku());
    keep(event);
    fact.run(e.order_id(), e.sku(), e.quantity(), e.batch_ref(), place(event));
  }

  void put_order(const Event& event, const ordering::v1::OrderCreated& e) {
    keep(event);
    order.run(e.order_id(), e.customer_id(), e.total().currency(), e.total().minor_units(), event.time_ms,
              place(event));
    count.run(1, 1);
    for (int i = 0; i < e.items_size(); ++i) {
      const auto& item = e.items(i);
      line.run(e.order_id(), i, item.sku(), item.quantity(), item.quantity(), item.unit_price().currency(),
               item.unit_price().minor_units());
    }
    customer_row.run(e.customer_id());
    spend.run(e.customer_id(), e.total().currency(), e.total().minor_units());
    customers_order.run(e.order_id(), e.customer_id(), e.total().currency(), e.total().minor_units());
  }

  void change_order(const Event& event) {
    keep(event);
    const bool paid = event.type == "ordering.v1.OrderPaid", shipped = event.type == "ordering.v1.OrderShipped";
    if (event.type == "ordering.v1.OrderAllocated")
      return order_advanced.run(event.subject, event.version, place(event));
    (paid      ? order_paid
     : shipped ? order_shipped
               : order_cancelled)
        .run(event.subject, event.version, place(event), event.time_ms);
    count.run(paid ? 1 : 2, -1);
    count.run(paid ? 2 : shipped ? 3 : 4, 1);
    if (paid || shipped) return;
    customer_cancelled.run(event.subject);
    customers_order_cancelled.run(event.subject);
  }

  void put_result(const messaging::v1::CommandResult& r) {
    result.run(r.command_id(), r.type(), r.status(), r.code(), r.message(), r.aggregate_id(), r.version(), r.field(),
               r.batch_ref(), r.out_of_stock(), r.correlation_id(), nullptr);
  }

  void put_dead_letter(const Event& event) {
    dead_letter.run(event.record->partition, event.record->offset, event.time_ms, event.reason, event.detail,
                    event.type, event.id, event.data(), event.record->len);
  }

  // The history: the event as it came, under its place.
  static std::int64_t place(const Event& event) {
    const std::int64_t topic = event.topic == "ordering.events" ? 1 : 2;
    return topic << 58 | std::int64_t{event.record->partition} << 42 | event.record->offset;
  }
  void keep(const Event& event) {
    history.run(place(event), event.id, event.type, event.subject, event.version, event.time_ms, event.cause,
                event.data());
  }

  std::map<std::string, File> files;
  sqlite::Statement line_row = prepare("allocations", "INSERT OR REPLACE INTO allocations VALUES (?1, ?2, ?3, ?4, ?5)");
  sqlite::Statement order_version = prepare("allocations",
                                            "INSERT INTO order_versions VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET "
                                            "version = max(version, ?2), events = events + 1");
  sqlite::Statement batch = prepare("batches", "INSERT INTO batches VALUES (?1, ?2, ?3, 0, '', ?4)");
  sqlite::Statement batch_allocated =
      prepare("batches", "UPDATE batches SET allocated = allocated + ?2, version = ?3 WHERE batch_ref = ?1");
  sqlite::Statement product = prepare("products",
                                      "INSERT INTO products VALUES (?1, 1, ?2, 0, 0, 0, ?3, ?4) ON CONFLICT DO UPDATE "
                                      "SET allocated = allocated + ?5, version = ?3, time_ms = ?4");
  sqlite::Statement product_version =
      prepare("products",
              "INSERT INTO product_versions SELECT sku, version, batches, quantity, allocated, backordered_lines, "
              "backordered_quantity, time_ms FROM products WHERE sku = ?1");
  sqlite::Statement batch_quantity = prepare("products", "INSERT INTO batch_quantities VALUES (?1, ?2)");
  sqlite::Statement result =
      prepare("command_results",
              "INSERT OR REPLACE INTO command_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  sqlite::Statement history =
      prepare("orders", "INSERT INTO events VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, NULL)");
  sqlite::Statement fact = prepare("orders",
                                   "INSERT INTO line_allocations VALUES (?1, ?2, ?3, 1, ?4, 1, ?5) ON CONFLICT DO "
                                   "UPDATE SET status = 1, batch_ref = ?4, events = events + 1, last_event = ?5");
  sqlite::Statement order = prepare("orders",
                                    "INSERT INTO orders(order_id, customer_id, status, currency, total, version, "
                                    "created_ms, made_ms, last_event) VALUES (?1, ?2, 1, ?3, ?4, 1, ?5, ?5, ?6)");
  sqlite::Statement line = prepare("orders", "INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  sqlite::Statement count = prepare("orders", "UPDATE order_counts SET orders = orders + ?2 WHERE status = ?1");
  sqlite::Statement order_advanced =
      prepare("orders", "UPDATE orders SET version = ?2, last_event = ?3 WHERE order_id = ?1");
  sqlite::Statement order_paid = prepare(
      "orders", "UPDATE orders SET version = ?2, last_event = ?3, status = 2, paid_ms = ?4 WHERE order_id = ?1");
  sqlite::Statement order_shipped = prepare(
      "orders", "UPDATE orders SET version = ?2, last_event = ?3, status = 3, shipped_ms = ?4 WHERE order_id = ?1");
  sqlite::Statement order_cancelled = prepare("orders",
                                              "UPDATE orders SET version = ?2, last_event = ?3, status = 4, "
                                              "cancelled_ms = ?4, cancel_reason = 'no more' WHERE order_id = ?1");
  sqlite::Statement customer_row = prepare("customers",
                                           "INSERT INTO customers VALUES (?1, 1, 0, NULL, 1) ON CONFLICT DO UPDATE SET "
                                           "orders = orders + 1, events = events + 1");
  sqlite::Statement spend =
      prepare("customers", "INSERT INTO spend VALUES (?1, ?2, 0, ?3) ON CONFLICT DO UPDATE SET rest = rest + ?3");
  sqlite::Statement customers_order = prepare("customers", "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, 0)");
  sqlite::Statement customer_cancelled = prepare("customers",
                                                 "UPDATE customers SET cancelled_orders = cancelled_orders + 1 WHERE "
                                                 "customer_id = (SELECT customer_id FROM orders WHERE order_id = ?1)");
  sqlite::Statement customers_order_cancelled =
      prepare("customers", "UPDATE orders SET cancelled = 1 WHERE order_id = ?1");
  sqlite::Statement vip = prepare("customers", "UPDATE customers SET vip_since_ms = ?2 WHERE customer_id = ?1");
  sqlite::Statement dead_letter = prepare("dead_letters",
                                          "INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, 'allocation.commands', "
                                          "1, 17, '', ?6, ?7, '', 'garbage', 'application/json', ?8, 'json', ?9, 0)");
};

FloorRows::FloorRows(const std::filesystem::path& folder) : files_(std::make_unique<Files>(folder)) {}
FloorRows::~FloorRows() = default;

void FloorRows::apply(std::span<rd_kafka_message_t* const> messages) {
  std::map<std::pair<std::string_view, std::int32_t>, std::int64_t> next;
  for (auto& [name, file] : files_->files) file.db.execute("BEGIN IMMEDIATE");
  for (const auto* message : messages) {
    const auto event = to_event(*message);
    files_->put(event);
    next[{event.topic, message->partition}] = message->offset + 1;
  }
  for (auto& [name, file] : files_->files) {
    auto position = file.prepare("INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)");
    for (const auto& [partition, offset] : next) {
      if (std::ranges::find(file.topics, partition.first) != file.topics.end()) {
        position.run(partition.first, partition.second, offset);
      }
    }
    file.db.execute("COMMIT");
  }
}

}  // namespace orderly::bench
