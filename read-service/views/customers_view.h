// Every customer: how many orders he made, what they are worth, since when he is a VIP. From ordering.events and
// customer.events, between which there is no order.
// Threads and failures: as view.h says.
#pragma once

#include "read-service/view.h"

namespace orderly::read {

ViewDefinition customers_view();

}  // namespace orderly::read
