// Short words for a product's commands and events in tests, all of the sku LAMP.
// For scenarios that fit one line; nothing here decides anything.
#pragma once

#include <optional>
#include <string>

#include "domain/product.h"

namespace orderly::testing::lamps {

using namespace orderly::domain;

inline Date day(unsigned number) {
  return Date{std::chrono::year{2026}, std::chrono::January, std::chrono::day{number}};
}
inline BatchCreated batch(const std::string& ref, std::int64_t quantity, std::optional<Date> eta = {}) {
  return {ref, "LAMP", quantity, eta};
}
inline Allocated allocated(const std::string& order, std::int64_t quantity, const std::string& ref,
                           bool backorder = false) {
  return {order, "LAMP", quantity, ref, backorder};
}
inline OutOfStock waiting(const std::string& order, std::int64_t quantity) { return {"LAMP", order, quantity, true}; }
inline OutOfStock out_of_stock(const std::string& order, std::int64_t quantity) {
  return {"LAMP", order, quantity, false};
}
inline Deallocated displaced(const std::string& order, std::int64_t quantity, const std::string& ref,
                             bool backorder = false) {
  return {order, "LAMP", quantity, ref, "BATCH_QUANTITY_CHANGED", backorder};
}
inline Deallocated given_back(const std::string& order, std::int64_t quantity, const std::string& ref,
                              bool backorder = false) {
  return {order, "LAMP", quantity, ref, "REQUESTED", backorder};
}
inline Deallocated replaced(const std::string& order, std::int64_t quantity, const std::string& ref,
                            bool backorder = false) {
  return {order, "LAMP", quantity, ref, "REPLACED", backorder};
}
inline BackorderPromised promised(const std::string& order, std::int64_t quantity, const std::string& ref) {
  return {order, "LAMP", quantity, ref};
}
inline BatchQuantityChanged changed(const std::string& ref, std::int64_t quantity) { return {ref, "LAMP", quantity}; }

inline CreateBatch create(const std::string& ref, std::int64_t quantity, std::optional<Date> eta = {}) {
  return {ref, "LAMP", quantity, eta};
}
inline Allocate allocate(const std::string& order, std::int64_t quantity) { return {order, "LAMP", quantity, false}; }
inline Allocate backorder(const std::string& order, std::int64_t quantity) { return {order, "LAMP", quantity, true}; }
inline Allocate replace(const std::string& order, std::int64_t quantity) {
  return {order, "LAMP", quantity, true, true};
}
inline Deallocate deallocate(const std::string& order) { return {order, "LAMP"}; }
inline ChangeBatchQuantity change(const std::string& ref, std::int64_t quantity) { return {ref, quantity, "LAMP"}; }

}  // namespace orderly::testing::lamps
