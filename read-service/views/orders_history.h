// What happened to an order, and what it was at an earlier time, from the events that the view keeps.
// For orders_view.cpp alone. Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read::orders {

// Every event of the order's own stream and every one of allocation's that names it, in the order of time; within a
// stream always by version.
ListRows list_history(Reader& reader, const ListRequest& request);

// By time: all that had happened up to then. By version: the last that the order was before its next version, so that
// the present version gives the present order.
Answer order_as_of(Reader& reader, const std::string& order_id, const AsOf& as_of);

}  // namespace orderly::read::orders
