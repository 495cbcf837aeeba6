#include "read-service/views/orders_projection.h"

#include <map>
#include <stdexcept>

#include "allocation/v1/allocation.pb.h"
#include "ordering/v1/ordering.pb.h"
#include "read-service/held_rows.h"
#include "read-service/message_json.h"

namespace orderly::read::orders {
namespace {

namespace allocation = ::allocation::v1;
namespace ordering = ::ordering::v1;

// orders: created_ms is what the order says of itself; the other times are those of the events.
// line_allocations: of every line that allocation has named, also of orders that were never created; a fact about
// another quantity is about another line, as the order itself sees it. events counts them, for the ETag.
// order_lines: an item each; of_sku is what all items of its sku come to, which is the line that allocation knows.
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
  CREATE TABLE order_counts(status INTEGER PRIMARY KEY, orders INTEGER NOT NULL);
  INSERT INTO order_counts VALUES (1, 0), (2, 0), (3, 0), (4, 0);
)sql";

// An order as a batch leaves it. Of one that is in the table already only what changes is held.
struct Order {
  bool is_new = false;
  Status status = Status::created, stored_status = Status::created;
  std::int64_t version = 0, last_event = no_event;
  std::string customer_id{}, currency{};
  std::int64_t total = 0, created_ms = 0, made_ms = 0;
  std::optional<std::int64_t> paid_ms{}, shipped_ms{}, cancelled_ms{}, refund{};
  std::optional<std::string> cancel_reason{}, refund_currency{};
};

class OrdersProjection final : public Projection {
 public:
  explicit OrdersProjection(sqlite::Database& db)
      : db_(db),
        events_(db, topics),
        insert_(db, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"),
        advance_(db, "UPDATE orders SET version = ?2, last_event = ?3 WHERE order_id = ?1"),
        update_(db,
                "UPDATE orders SET version = ?2, last_event = ?3, status = ?4, paid_ms = coalesce(?5, paid_ms), "
                "shipped_ms = coalesce(?6, shipped_ms), cancelled_ms = coalesce(?7, cancelled_ms), "
                "cancel_reason = coalesce(?8, cancel_reason), refund_currency = coalesce(?9, refund_currency), "
                "refund = coalesce(?10, refund) WHERE order_id = ?1"),
        read_(db, "SELECT last_event, status FROM orders WHERE order_id = ?1"),
        add_line_(db, "INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        count_(db, "UPDATE order_counts SET orders = orders + ?2 WHERE status = ?1"),
        add_fact_(db, "INSERT INTO line_allocations VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT DO NOTHING"),
        last_fact_(db, "SELECT last_event FROM line_allocations WHERE order_id = ?1 AND sku = ?2 AND quantity = ?3"),
        change_fact_(db,
                     "UPDATE line_allocations SET status = ?4, batch_ref = ?5, events = events + 1, last_event = ?6 "
                     "WHERE order_id = ?1 AND sku = ?2 AND quantity = ?3") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    if (event.topic == ordering_events) {
      apply_to_order(event);
      changes.touch("order", event.subject, event.stream_version);
    } else if (const auto* allocated = event.as<allocation::Allocated>()) {
      keep_fact(event, *allocated, LineStatus::allocated, allocated->batch_ref());
    } else if (const auto* deallocated = event.as<allocation::Deallocated>()) {
      keep_fact(event, *deallocated, LineStatus::pending, "");
    } else if (const auto* out_of_stock = event.as<allocation::OutOfStock>()) {
      keep_fact(event, *out_of_stock, LineStatus::out_of_stock, "");
    }
  }

  void finish() override {
    orders_.write([&](const std::string& id, const Order& order) { write(id, order); });
    for (std::size_t status = 0; status < added_.size(); ++status) {
      if (const auto added = std::exchange(added_.at(status), 0); added != 0) count_.run(status, added);
    }
  }

 private:
  void apply_to_order(const PublishedEvent& event) {
    const auto* created = event.as<ordering::OrderCreated>();
    auto& order = orders_.at(event.subject, [&] { return created ? Order{.is_new = true} : read(event.subject); });
    order.version = event.stream_version;
    order.last_event = events_.append(event, order.last_event);
    const auto at_ms = to_unix_ms(event.happened());
    if (created != nullptr) {
      create(order, event.subject, *created, at_ms);
    } else if (event.as<ordering::OrderPaid>()) {
      order.paid_ms = at_ms;
      order.status = Status::paid;
    } else if (event.as<ordering::OrderShipped>()) {
      order.shipped_ms = at_ms;
      order.status = Status::shipped;
    } else if (const auto* cancelled = event.as<ordering::OrderCancelled>()) {
      order.cancelled_ms = at_ms;
      order.status = Status::cancelled;
      order.cancel_reason = cancelled->reason();
      order.refund_currency = cancelled->refund().currency();
      if (cancelled->was_paid()) order.refund = cancelled->refund().minor_units();
    }
  }

  Order read(std::string_view id) {
    if (!read_.bind(id).step()) throw std::runtime_error{"there is no order " + std::string{id}};
    const auto status = static_cast<Status>(read_.integer(1));
    Order order{.status = status, .stored_status = status, .last_event = read_.integer(0)};
    read_.reset();
    return order;
  }

  void create(Order& order, std::string_view id, const ordering::OrderCreated& created, std::int64_t made_ms) {
    order.customer_id = created.customer_id();
    order.currency = created.total().currency();
    order.total = created.total().minor_units();
    order.made_ms = made_ms;
    order.created_ms = created.has_created_at() ? to_unix_ms(to_time(created.created_at())) : made_ms;
    std::map<std::string_view, std::int64_t> of_sku;
    for (const auto& item : created.items()) of_sku[item.sku()] += item.quantity();
    for (int i = 0; i < created.items_size(); ++i) {
      const auto& item = created.items(i);
      add_line_.run(id, i, item.sku(), item.quantity(), of_sku[item.sku()], item.unit_price().currency(),
                    item.unit_price().minor_units());
    }
  }

  void write(const std::string& id, const Order& order) {
    if (order.is_new) {
      insert_.run(id, order.customer_id, order.status, order.currency, order.total, order.version, order.created_ms,
                  order.made_ms, order.paid_ms, order.shipped_ms, order.cancelled_ms, order.cancel_reason,
                  order.refund_currency, order.refund, order.last_event);
      ++added_to(order.status);
    } else if (order.status == order.stored_status) {  // leaves the indexes alone
      advance_.run(id, order.version, order.last_event);
    } else {
      update_.run(id, order.version, order.last_event, order.status, order.paid_ms, order.shipped_ms,
                  order.cancelled_ms, order.cancel_reason, order.refund_currency, order.refund);
      --added_to(order.stored_status);
      ++added_to(order.status);
    }
  }

  // Most facts are the first about their line.
  template <class Fact>
  void keep_fact(const PublishedEvent& event, const Fact& fact, LineStatus status, std::string_view batch_ref) {
    const auto place = events_.place_of(event);
    add_fact_.run(fact.order_id(), fact.sku(), fact.quantity(), status, batch_ref, place);
    if (db_.changes() == 1) return void(events_.append(event, no_event));
    if (!last_fact_.bind(fact.order_id(), fact.sku(), fact.quantity()).step()) {
      throw std::runtime_error{"a fact about a line is there and is not"};
    }
    const auto previous = last_fact_.integer(0);
    last_fact_.reset();
    events_.append(event, previous);
    change_fact_.run(fact.order_id(), fact.sku(), fact.quantity(), status, batch_ref, place);
  }

  std::int64_t& added_to(Status status) { return added_.at(static_cast<std::size_t>(status)); }

  const sqlite::Database& db_;
  EventLog events_;
  sqlite::Statement insert_, advance_, update_, read_, add_line_, count_, add_fact_, last_fact_, change_fact_;
  HeldRows<Order> orders_;
  std::array<std::int64_t, status_names.size() + 1> added_{};  // by status
};

}  // namespace

std::string schema() {
  std::string all{tables};
  return all.append(event_log_schema);
}

std::unique_ptr<Projection> projection(sqlite::Database& db) { return std::make_unique<OrdersProjection>(db); }

}  // namespace orderly::read::orders
