// The table of contents: every view of the read service. A new one is a file pair in views/ and a line here.
// Threads: any. Failures: none.
#pragma once

#include <vector>

#include "read-service/view.h"
#include "read-service/views/allocations_view.h"
#include "read-service/views/batches_view.h"
#include "read-service/views/command_results_view.h"
#include "read-service/views/customers_view.h"
#include "read-service/views/dead_letters_view.h"
#include "read-service/views/orders_view.h"
#include "read-service/views/products_view.h"

namespace orderly::read {

inline std::vector<ViewDefinition> all_views() {
  std::vector<ViewDefinition> views;
  views.push_back(allocations_view());      // GET /allocations/{order_id}, /allocations
  views.push_back(batches_view());          // GET /batches/{batch_ref}, /batches
  views.push_back(products_view());         // GET /products/{sku}
  views.push_back(command_results_view());  // GET /commands/{command_id}
  views.push_back(orders_view());           // GET /orders/{order_id}, /orders, /orders/{order_id}/history
  views.push_back(customers_view());        // GET /customers/{customer_id}
  views.push_back(dead_letters_view());     // GET /dead-letters/{partition}/{offset}, /dead-letters
  return views;
}

}  // namespace orderly::read
