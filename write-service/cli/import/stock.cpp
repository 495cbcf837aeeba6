#include "cli/import/stock.h"

#include <algorithm>

namespace orderly::cli::importing {
namespace {

constexpr std::int64_t small_demand = 12;
constexpr std::int64_t warehouse_percent = 60;
constexpr std::chrono::days until_shipment{7};

std::int64_t share(std::int64_t total, std::int64_t percent) {
  return total / 100 * percent + total % 100 * percent / 100;
}

std::int64_t within_batch(std::int64_t quantity) { return std::clamp<std::int64_t>(quantity, 1, domain::max_quantity); }

}  // namespace

std::vector<Batch> batches_of(const Demand& demand, std::int64_t index, const domain::Date& first_day,
                              const StockRules& rules) {
  const auto on = [&](const domain::Date& day) { return demand.code + '-' + domain::to_string(day); };
  const bool scarce = rules.scarce_every > 0 && index % rules.scarce_every == 0;
  if (scarce) return {{on(first_day), within_batch(share(demand.total, rules.scarce_percent)), ""}};
  if (demand.total <= small_demand) return {{on(first_day), demand.total, ""}};
  const auto in_warehouse = share(demand.total, warehouse_percent);
  const domain::Date later{std::chrono::sys_days{first_day} + until_shipment};
  return {{on(first_day), within_batch(in_warehouse), ""},
          {on(later), within_batch(demand.total - in_warehouse + demand.largest), domain::to_string(later)}};
}

}  // namespace orderly::cli::importing
