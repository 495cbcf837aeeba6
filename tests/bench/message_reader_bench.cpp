// What reading one command costs: JSON by the reader and by Protobuf's mapping, and binary. Best of 7 rounds.
//   message_reader_bench
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "allocation/v1/allocation.pb.h"
#include "intake/message_reader.h"
#include "ordering/v1/ordering.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

template <class Read>
double best_us(Read read) {
  constexpr int repeats = 50'000;
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < repeats; ++i) read();
    best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - start).count() / repeats);
  }
  return best;
}

void measure(const char* name, const std::string& json, google::protobuf::Message& message) {
  orderly::intake::MessageReader reader;
  if (const auto error = reader.read_json(json, message)) std::printf("%s: %s\n", name, error->reason.c_str());
  const auto bytes = message.SerializeAsString();
  const double ours = best_us([&] { reader.read_json(json, message); });
  const double mapping = best_us([&] { (void)google::protobuf::util::JsonStringToMessage(json, &message); });
  const double binary = best_us([&] { reader.read_protobuf(bytes, message); });
  std::printf("%-24s %4zu bytes   reader %.3f us   Protobuf's mapping %.3f us   binary %.3f us\n", name, json.size(),
              ours, mapping, binary);
}

}  // namespace

int main() {
  allocation::v1::Allocate allocate;
  ordering::v1::CreateOrder order;
  measure("Allocate", R"({"order_id":"order-17","sku":"LAMP","quantity":3})", allocate);
  measure("Allocate, long ids",
          R"({"orderId":"01948f5c-7d3a-7c11-b4a1-3f1f5d2f8f10","sku":"SMALL-WHITE-TABLE","quantity":"3"})", allocate);
  std::string items;
  for (int i = 0; i < 3; ++i) {
    items += (i ? "," : "") + std::string{R"({"sku":"LAMP-)"} + std::to_string(i) +
             R"(","quantity":2,"unit_price":{"currency":"GBP","minor_units":1295}})";
  }
  measure("CreateOrder, 3 items",
          R"({"order_id":"o1","customer_id":"c1","items":[)" + items + R"(],"created_at":"2026-01-31T12:00:00Z"})",
          order);
}
