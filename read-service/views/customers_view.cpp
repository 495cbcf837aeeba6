#include "read-service/views/customers_view.h"

#include <limits>
#include <stdexcept>

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "customer/v1/customer.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::read {
namespace {

// events: of the customer, as this view counts them. A sum of 64-bit amounts may not fit in 64 bits, where SQLite would
// go on with a rounded one: so two sums, of what is above a thousand millions and of what is below.
// orders: without a customer until an OrderRecorded says whose the order is, where customers' ids are sealed.
constexpr const char* schema = R"sql(
  CREATE TABLE customers(customer_id TEXT PRIMARY KEY, orders INTEGER NOT NULL, cancelled_orders INTEGER NOT NULL,
                         vip_since_ms INTEGER, events INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE spend(customer_id TEXT, currency TEXT, thousand_millions INTEGER NOT NULL, rest INTEGER NOT NULL,
                     PRIMARY KEY(customer_id, currency)) WITHOUT ROWID;
  CREATE TABLE orders(order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, currency TEXT NOT NULL,
                      total INTEGER NOT NULL, cancelled INTEGER NOT NULL) WITHOUT ROWID;
)sql";

constexpr std::int64_t thousand_million = 1'000'000'000;

class CustomersProjection final : public Projection {
 public:
  explicit CustomersProjection(sqlite::Database& db)
      : count_(db,
               "INSERT INTO customers VALUES (?1, ?2, ?3, NULL, 1) ON CONFLICT DO UPDATE SET "
               "orders = orders + ?2, cancelled_orders = cancelled_orders + ?3, events = events + 1"),
        promote_(db,
                 "INSERT INTO customers VALUES (?1, 0, 0, ?2, 1) ON CONFLICT DO UPDATE SET "
                 "vip_since_ms = ?2, events = events + 1"),
        spend_(db,
               "INSERT INTO spend VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
               "thousand_millions = thousand_millions + ?3, rest = rest + ?4"),
        create_(db, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT DO UPDATE SET customer_id = ?2"),
        create_unnamed_(db, "INSERT INTO orders VALUES (?1, '', ?2, ?3, 0) ON CONFLICT DO NOTHING"),
        mark_(db, "UPDATE orders SET cancelled = 1 WHERE order_id = ?1"),
        order_(db, "SELECT customer_id, currency, total, cancelled FROM orders WHERE order_id = ?1") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    if (const auto* created = event.as<ordering::v1::OrderCreated>()) {
      const auto& total = created->total();
      if (!created->customer_id().empty()) return count(event.subject, created->customer_id(), total, changes);
      create_unnamed_.run(event.subject, total.currency(), total.minor_units());
    } else if (const auto* recorded = event.as<customer::v1::OrderRecorded>()) {
      count(recorded->order_id(), recorded->customer_id(), recorded->total(), changes);
    } else if (event.as<ordering::v1::OrderCancelled>() != nullptr) {
      cancel(event.subject, changes);
    } else if (event.as<customer::v1::CustomerBecameVip>() != nullptr) {
      promote_.run(event.subject, to_unix_ms(event.happened()));
      touch(event.subject, changes);
    }
  }

 private:
  // Once, whichever event names the customer: one whose id only looks as if it were sealed is named by both.
  void count(const std::string_view order_id, const std::string& customer_id, const ordering::v1::Money& total,
             Changes& changes) {
    const bool is_known = order_.bind(order_id).step();
    const bool is_named = is_known && !order_.text(0).empty(), is_cancelled = is_known && order_.integer(3) != 0;
    order_.reset();
    if (is_named) return;
    create_.run(order_id, customer_id, total.currency(), total.minor_units());
    count_.run(customer_id, 1, 0);
    spend(customer_id, total.currency(), total.minor_units(), 1);
    touch(customer_id, changes);
    if (is_cancelled) cancel(order_id, changes);
  }

  // Of an order that is nobody's yet only the mark is made; it counts once its customer is known.
  void cancel(std::string_view order_id, Changes& changes) {
    if (!order_.bind(order_id).step()) throw std::runtime_error{"there is no order " + std::string{order_id}};
    const std::string customer_id{order_.text(0)};
    if (!customer_id.empty()) spend(customer_id, order_.text(1), order_.integer(2), -1);
    order_.reset();
    mark_.run(order_id);
    if (customer_id.empty()) return;
    count_.run(customer_id, 0, 1);
    touch(customer_id, changes);
  }

  void spend(std::string_view customer_id, std::string_view currency, std::int64_t minor_units, std::int64_t sign) {
    spend_.run(customer_id, currency, sign * (minor_units / thousand_million), sign * (minor_units % thousand_million));
  }

  // Whoever waits looks again: how many events there are now is not worth asking for here.
  static void touch(std::string_view customer_id, Changes& changes) {
    changes.touch("customer", customer_id, std::numeric_limits<std::int64_t>::max());
  }

  sqlite::Statement count_, promote_, spend_, create_, create_unnamed_, mark_, order_;
};

// All digits of the two sums.
std::string to_decimal(std::int64_t thousand_millions, std::int64_t rest) {
  thousand_millions += rest / thousand_million;
  rest %= thousand_million;
  if (thousand_millions == 0) return std::to_string(rest);
  const auto below = std::to_string(thousand_million + rest);
  return std::to_string(thousand_millions) + below.substr(1);
}

void write_spend(http::JsonWriter& json, Reader& reader, const std::string& customer_id) {
  auto& sum = reader
                  .query(
                      "SELECT currency, thousand_millions, rest FROM spend WHERE customer_id = ?1 "
                      "ORDER BY currency")
                  .bind(customer_id);
  json.key("spend").begin_array();
  while (sum.step()) {
    json.begin_object().member("currency", sum.text(0)).key("minor_units");
    json.raw(to_decimal(sum.integer(1), sum.integer(2))).end_object();
  }
  json.end_array();
}

Answer customer_by_id(Reader& reader, const std::string& customer_id) {
  const std::string wake_key = "customer/" + customer_id;
  auto& row = reader
                  .query(
                      "SELECT customer_id, orders, cancelled_orders, vip_since_ms, events FROM customers "
                      "WHERE customer_id = ?1")
                  .bind(customer_id);
  if (!row.step()) return {.wake_key = wake_key};
  http::JsonWriter json;
  json.begin_object().member("customer_id", row.text(0)).member("orders", row.integer(1));
  json.member("cancelled_orders", row.integer(2));
  write_spend(json, reader, customer_id);
  if (!row.is_null(3)) json.member("vip_since", to_rfc3339(from_unix_ms(row.integer(3))));
  json.member("version", row.integer(4)).end_object();
  return {.json = json.take(), .etag = std::to_string(row.integer(4)), .version = row.integer(4), .wake_key = wake_key};
}

}  // namespace

ViewDefinition customers_view() {
  return {.name = "customers",
          .schema_version = 2,
          .topics = {"ordering.events", "customer.events"},
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<CustomersProjection>(db); },
          .resources = {{"/customers/:customer_id", "customer", customer_by_id}},
          .lists = {}};
}

}  // namespace orderly::read
