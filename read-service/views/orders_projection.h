// The tables of the orders view, and what fills them. For orders_view.cpp and order_events.cpp alone.
// Threads and failures: as view.h says.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "read-service/stored_events.h"
#include "read-service/view.h"

namespace orderly::read::orders {

inline constexpr std::string_view ordering_events = "ordering.events", allocation_events = "allocation.events",
                                  customer_events = "customer.events";  // whose an order is, where ids are sealed
inline constexpr std::array topics{ordering_events, allocation_events, customer_events};

// As the tables hold them.
enum class Status { created = 1, paid = 2, shipped = 3, cancelled = 4 };
enum class LineStatus { pending = 0, allocated = 1, out_of_stock = 2 };

inline constexpr std::array<std::string_view, 4> status_names{"created", "paid", "shipped", "cancelled"};
inline constexpr std::array<std::string_view, 3> line_status_names{"pending", "allocated", "out_of_stock"};

std::string schema();
std::unique_ptr<Projection> projection(sqlite::Database& db);

}  // namespace orderly::read::orders
