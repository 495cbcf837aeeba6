#include "simulation/shop.h"

#include "allocation/v1/allocation.pb.h"
#include "ordering/v1/ordering.pb.h"

namespace orderly::simulation {
namespace {

template <class Message>
bool parse(const Record& event, std::string_view type, Message& message) {
  return event.header("ce_type") == type && message.ParseFromString(event.value);
}

}  // namespace

std::vector<std::string> Shop::apply(const Record& event) {
  Sentences wrong;
  const auto type = event.header("ce_type"), subject = event.header("ce_subject");
  if (type.starts_with("allocation.v1.")) allocation(event, wrong);
  if (type.starts_with("ordering.v1.")) ordering(event, wrong);
  if (type == "customer.v1.CustomerBecameVip" && !vips.insert(subject).second)
    wrong.push_back("customer " + subject + " becomes a VIP twice");
  for (auto& sentence : wrong) sentence = "event " + event.header("ce_id") + " (" + type + "): " + sentence;
  return wrong;
}

void Shop::allocation(const Record& event, Sentences& wrong) {
  allocation::v1::BatchCreated created;
  allocation::v1::BatchQuantityChanged changed;
  allocation::v1::Allocated allocated;
  allocation::v1::Deallocated deallocated;
  if (parse(event, "allocation.v1.BatchCreated", created)) {
    const Batch batch{created.sku(), created.quantity(), 0};
    if (!batches.emplace(created.batch_ref(), batch).second) wrong.push_back("a second batch " + created.batch_ref());
  } else if (parse(event, "allocation.v1.BatchQuantityChanged", changed)) {
    if (!batches.contains(changed.batch_ref())) wrong.push_back("no batch " + changed.batch_ref());
    batches[changed.batch_ref()].quantity = changed.quantity();
    touched_.insert(changed.batch_ref());
  } else if (parse(event, "allocation.v1.Allocated", allocated)) {
    const Line line{allocated.batch_ref(), allocated.quantity()};
    if (!lines.emplace(std::pair{allocated.order_id(), allocated.sku()}, line).second)
      wrong.push_back("order " + allocated.order_id() + " has a line of " + allocated.sku() + " already");
    const auto batch = batches.find(allocated.batch_ref());
    if (batch == batches.end() || batch->second.sku != allocated.sku()) {
      wrong.push_back("no batch " + allocated.batch_ref() + " of " + allocated.sku());
    } else {
      batch->second.allocated += allocated.quantity();
    }
    touched_.insert(allocated.batch_ref());
  } else if (parse(event, "allocation.v1.Deallocated", deallocated) && !deallocated.batch_ref().empty()) {
    take_from(deallocated.order_id(), deallocated.sku(), deallocated.batch_ref(), deallocated.quantity(), wrong);
  }
}

void Shop::take_from(const std::string& order, const std::string& sku, const std::string& batch, std::int64_t quantity,
                     Sentences& wrong) {
  const auto line = lines.find({order, sku});
  if (line == lines.end() || line->second.batch_ref != batch || line->second.quantity != quantity) {
    wrong.push_back("order " + order + " has no such line in " + batch);
    return;
  }
  lines.erase(line);
  batches[batch].allocated -= quantity;
}

// From where to where an event takes an order.
void Shop::ordering(const Record& event, Sentences& wrong) {
  const auto type = event.header("ce_type").substr(std::string_view{"ordering.v1.Order"}.size());
  const auto id = event.header("ce_subject");
  auto& order = orders[id];
  order.version = std::stoll("0" + event.header("ce_streamversion"));
  const auto move = [&](std::string_view from, std::string_view to) {
    if (from.find(order.status.empty() ? "none" : order.status) == std::string_view::npos)
      wrong.push_back("order " + id + " is '" + order.status + "'");
    if (!to.empty()) order.status = to;
  };
  if (type == "Created") {
    ordering::v1::OrderCreated created;
    if (!created.ParseFromString(event.value)) wrong.push_back("cannot be read");
    move("none", "created");
    order.customer = created.customer_id();
    order.total = created.total().minor_units();
  } else if (type == "Allocated") {
    move("created paid", "");
  } else if (type == "Paid") {
    move("created", "paid");
  } else if (type == "Shipped") {
    move("paid", "shipped");
  } else if (type == "Cancelled") {
    move("created paid", "cancelled");
  }
}

std::vector<std::string> Shop::end_of_command() {
  Sentences wrong;
  for (const auto& ref : touched_) {
    const auto& batch = batches[ref];
    if (batch.allocated > batch.quantity)
      wrong.push_back("batch " + ref + " has " + std::to_string(batch.allocated) + " of " +
                      std::to_string(batch.quantity) + " allocated");
  }
  touched_.clear();
  return wrong;
}

}  // namespace orderly::simulation
