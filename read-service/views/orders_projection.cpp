#include "read-service/views/orders_projection.h"

#include <map>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "read-service/message_json.h"

namespace orderly::read::orders {
namespace {

namespace allocation = ::allocation::v1;
namespace ordering = ::ordering::v1;
namespace customer = ::customer::v1;

// orders: created_ms is what the order says of itself; the other times are those of the events.
// line_allocations: of every line that allocation has named, also of orders that were never created; a fact about
// another quantity is about another line, as the order itself sees it. events counts them, for the ETag.
// order_lines: an item each; of_sku is what all items of its sku come to, which is the line that allocation knows.
// order_customers: of orders whose creation does not say whose they are, since customers' ids are sealed.
// Two indexes serve all four lists: what is not filtered by status is merged from the four. order_counts: kept, since
// counting is a walk through an index.
constexpr const char* tables = R"sql(
  CREATE TABLE orders(order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, status INTEGER NOT NULL,
                      currency TEXT NOT NULL, total INTEGER NOT NULL, version INTEGER NOT NULL,
                      created_ms INTEGER NOT NULL, made_ms INTEGER NOT NULL, paid_ms INTEGER, shipped_ms INTEGER,
                      cancelled_ms INTEGER, cancel_reason TEXT, refund_currency TEXT, refund INTEGER,
                      last_event INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX orders_by_status ON orders(status, created_ms, order_id);
  CREATE INDEX orders_by_customer ON orders(customer_id, status, created_ms, order_id);
  CREATE TABLE order_lines(order_id TEXT, line INTEGER, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
                           of_sku INTEGER NOT NULL, currency TEXT NOT NULL, unit_price INTEGER NOT NULL,
                           PRIMARY KEY(order_id, line)) WITHOUT ROWID;
  CREATE TABLE line_allocations(order_id TEXT, sku TEXT, quantity INTEGER, status INTEGER NOT NULL,
                                batch_ref TEXT NOT NULL, events INTEGER NOT NULL, last_event INTEGER NOT NULL,
                                PRIMARY KEY(order_id, sku, quantity)) WITHOUT ROWID;
  CREATE TABLE order_customers(order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE order_counts(status INTEGER PRIMARY KEY, orders INTEGER NOT NULL);
  INSERT INTO order_counts VALUES (1, 0), (2, 0), (3, 0), (4, 0);
)sql";

class OrdersProjection final : public Projection {
 public:
  explicit OrdersProjection(sqlite::Database& db)
      : events_(db, topics),
        create_(db,
                "INSERT INTO orders(order_id, customer_id, status, currency, total, version, created_ms, made_ms, "
                "last_event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
        name_(db, "INSERT INTO order_customers VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
        name_order_(db, "UPDATE orders SET customer_id = ?2 WHERE order_id = ?1"),
        customer_(db, "SELECT customer_id FROM order_customers WHERE order_id = ?1"),
        add_line_(db, "INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        count_(db, "UPDATE order_counts SET orders = orders + ?2 WHERE status = ?1"),
        last_event_(db, "SELECT last_event, status FROM orders WHERE order_id = ?1"),
        advance_(db, "UPDATE orders SET version = ?2, last_event = ?3 WHERE order_id = ?1"),
        pay_(db, "UPDATE orders SET version = ?2, last_event = ?3, status = ?4, paid_ms = ?5 WHERE order_id = ?1"),
        ship_(db, "UPDATE orders SET version = ?2, last_event = ?3, status = ?4, shipped_ms = ?5 WHERE order_id = ?1"),
        cancel_(db,
                "UPDATE orders SET version = ?2, last_event = ?3, status = ?4, cancelled_ms = ?5, cancel_reason = ?6, "
                "refund_currency = ?7, refund = ?8 WHERE order_id = ?1"),
        last_fact_(db, "SELECT last_event FROM line_allocations WHERE order_id = ?1 AND sku = ?2 AND quantity = ?3"),
        put_fact_(db,
                  "INSERT INTO line_allocations VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT DO UPDATE SET "
                  "status = excluded.status, batch_ref = excluded.batch_ref, events = events + 1, "
                  "last_event = excluded.last_event") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    if (event.topic == ordering_events) {
      apply_to_order(event);
      changes.touch("order", event.subject, event.stream_version);
    } else if (const auto* recorded = event.as<customer::OrderRecorded>()) {
      name_.run(recorded->order_id(), recorded->customer_id());
      name_order_.run(recorded->order_id(), recorded->customer_id());
    } else if (const auto* allocated = event.as<allocation::Allocated>()) {
      keep_fact(event, *allocated, LineStatus::allocated, allocated->batch_ref());
    } else if (const auto* deallocated = event.as<allocation::Deallocated>()) {
      keep_fact(event, *deallocated, LineStatus::pending, "");
    } else if (const auto* out_of_stock = event.as<allocation::OutOfStock>()) {
      keep_fact(event, *out_of_stock, LineStatus::out_of_stock, "");
    }
  }

 private:
  void apply_to_order(const PublishedEvent& event) {
    if (const auto* created = event.as<ordering::OrderCreated>()) return create(event, *created);
    if (!last_event_.bind(event.subject).step()) {
      throw std::runtime_error{"there is no order " + std::string{event.subject}};
    }
    const auto previous = last_event_.integer(0);
    const auto status = static_cast<Status>(last_event_.integer(1));
    last_event_.reset();
    const auto place = events_.append(event, previous);
    const auto set = [&](sqlite::Statement& statement, Status next, const auto&... values) {
      statement.run(event.subject, event.stream_version, place, next, values...);
      count_.run(status, -1);
      count_.run(next, 1);
    };
    const auto at_ms = to_unix_ms(event.happened());
    if (event.as<ordering::OrderPaid>()) return set(pay_, Status::paid, at_ms);
    if (event.as<ordering::OrderShipped>()) return set(ship_, Status::shipped, at_ms);
    if (const auto* cancelled = event.as<ordering::OrderCancelled>()) {
      const auto refund = cancelled->was_paid() ? std::optional{cancelled->refund().minor_units()} : std::nullopt;
      return set(cancel_, Status::cancelled, at_ms, cancelled->reason(), cancelled->refund().currency(), refund);
    }
    advance_.run(event.subject, event.stream_version, place);
  }

  void create(const PublishedEvent& event, const ordering::OrderCreated& created) {
    const auto place = events_.append(event, no_event);
    const auto made_ms = to_unix_ms(event.happened());
    const auto created_ms = created.has_created_at() ? to_unix_ms(to_time(created.created_at())) : made_ms;
    create_.run(event.subject, customer_of(created), Status::created, created.total().currency(),
                created.total().minor_units(), event.stream_version, created_ms, made_ms, place);
    count_.run(Status::created, 1);
    std::map<std::string_view, std::int64_t> of_sku;
    for (const auto& item : created.items()) of_sku[item.sku()] += item.quantity();
    for (int i = 0; i < created.items_size(); ++i) {
      const auto& item = created.items(i);
      add_line_.run(event.subject, i, item.sku(), item.quantity(), of_sku[item.sku()], item.unit_price().currency(),
                    item.unit_price().minor_units());
    }
  }

  std::string customer_of(const ordering::OrderCreated& created) {
    std::string customer_id = created.customer_id();
    if (!customer_id.empty()) return customer_id;
    if (customer_.bind(created.order_id()).step()) customer_id = customer_.text(0);
    customer_.reset();
    return customer_id;
  }

  template <class Fact>
  void keep_fact(const PublishedEvent& event, const Fact& fact, LineStatus status, std::string_view batch_ref) {
    const bool known = last_fact_.bind(fact.order_id(), fact.sku(), fact.quantity()).step();
    const auto previous = known ? last_fact_.integer(0) : no_event;
    last_fact_.reset();
    const auto place = events_.append(event, previous);
    put_fact_.run(fact.order_id(), fact.sku(), fact.quantity(), status, batch_ref, place);
  }

  EventLog events_;
  sqlite::Statement create_, name_, name_order_, customer_, add_line_, count_, last_event_, advance_, pay_, ship_,
      cancel_, last_fact_, put_fact_;
};

}  // namespace

std::string schema() {
  std::string all{tables};
  return all.append(event_log_schema);
}

std::unique_ptr<Projection> projection(sqlite::Database& db) { return std::make_unique<OrdersProjection>(db); }

}  // namespace orderly::read::orders
