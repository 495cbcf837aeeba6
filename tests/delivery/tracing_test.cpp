#include <catch2/catch.hpp>
#include <cstdlib>
#include <mutex>
#include <new>
#include <set>

#include "delivery/in_memory_system.h"
#include "delivery/running_shard.h"

using namespace orderly;
using namespace orderly::test;

namespace {

thread_local std::size_t allocations = 0;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string sampled = "00-" + trace + "-00f067aa0ba902b7-01";

constexpr const char* an_order =
    R"({"order_id":"o1","customer_id":"ann","items":[{"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR",
    "minor_units":5}}]})";

// Of everything that leaves a store: which message, under which parent.
std::multiset<std::string> all_messages(const InMemorySystem& system) {
  std::multiset<std::string> lines;
  for (const auto topic : {topics::allocation_commands, topics::ordering_commands, topics::customer_commands,
                           topics::allocation_events, topics::ordering_events, topics::command_results}) {
    for (const auto& record : system.records(topic)) {
      lines.insert(record.topic + ' ' + record.header("ce_id") + ' ' + record.header("traceparent"));
    }
  }
  return lines;
}

handling::CommandHandler::Options traced_by(handling::CommandTracing* tracing) {
  handling::CommandHandler::Options options;
  options.tracing = tracing;
  return options;
}

std::multiset<std::string> a_traced_order(std::size_t batch, std::vector<tracing::Span>& spans) {
  const tracing::Tracer tracer{{.ratio = 0.5, .seed = batch}, [&](std::vector<tracing::Span> some) {
                                 std::move(some.begin(), some.end(), std::back_inserter(spans));
                               }};
  handling::CommandTracing tracing{tracer, 0};
  InMemorySystem system{1, batch, traced_by(&tracing)};
  for (int i = 0; i < 20; ++i) {
    const auto id = "b" + std::to_string(i);
    system.send("allocation.v1.CreateBatch", R"({"batch_ref":")" + id + R"(","sku":"LAMP","quantity":9})", id, "LAMP");
  }
  system.send("ordering.v1.CreateOrder", an_order, "c1", "o1", {}, {{"traceparent", sampled}, {"tracestate", "a=1"}});
  system.run();
  tracing.committed();
  return all_messages(system);
}

// How many allocations handling these commands takes, after a first one that fills what is kept.
std::size_t allocations_of_100(handling::CommandTracing* tracing) {
  InMemorySystem system{1, 1'000, traced_by(tracing)};
  system.send("allocation.v1.CreateBatch", R"({"batch_ref":"b","sku":"LAMP","quantity":900})", "b", "LAMP");
  system.run();
  for (int i = 0; i < 100; ++i) {
    const auto id = "command-" + std::to_string(100 + i);
    system.send("allocation.v1.Allocate", R"({"order_id":")" + id + R"(","sku":"LAMP","quantity":1})", id, "LAMP");
  }
  const auto before = allocations;
  system.step(0);
  return allocations - before;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
// The C++ library's own would come to the one above; a sanitizer's would not, and its memory must go back to it.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("the trace goes on through everything that a command leads to") {
  std::size_t messages = 0;
  InMemorySystem system;
  system.send("ordering.v1.CreateOrder", an_order, "c1", "o1", {}, {{"traceparent", sampled}, {"tracestate", "a=1"}});
  system.run();
  for (const auto topic : {topics::allocation_commands, topics::customer_commands, topics::ordering_events,
                           topics::allocation_events, topics::command_results}) {
    for (const auto& record : system.records(topic)) {
      ++messages;
      CHECK(record.header("traceparent") == sampled);  // without a tracer: as it came
      CHECK(record.header("tracestate") == "a=1");
    }
  }
  CHECK(messages >= 5);
}

TEST_CASE("with a tracer each step is a child of its cause, and a replay comes to the same ids whatever the batches") {
  std::vector<tracing::Span> spans, again;
  const auto first = a_traced_order(1, spans);
  CHECK(first == a_traced_order(1'000, again));
  std::map<std::uint64_t, const tracing::Span*> by_id;
  for (const auto& span : spans) CHECK(by_id.emplace(span.context.span_id, &span).second);
  std::size_t of_the_order = 0, roots = 0;
  for (const auto& span : spans) {
    of_the_order += tracing::to_hex(span.context.trace_high) + tracing::to_hex(span.context.trace_low) == trace;
    roots += span.parent_id == 0;
    CHECK((span.parent_id == 0 || span.parent_id == 0x00f067aa0ba902b7 || by_id.contains(span.parent_id)));
  }
  CHECK(of_the_order >= 4);  // create, allocate, record the allocation, record the order
  CHECK(roots > 2);          // some batches, by the ratio
  CHECK(roots < 18);
}

TEST_CASE("a traceparent that is none goes no further") {
  InMemorySystem system;
  system.send("ordering.v1.CreateOrder", an_order, "c1", "o1", {},
              {{"traceparent", std::string(2'000, 'x')}, {"tracestate", "a=1"}});
  system.send("allocation.v1.CreateBatch", R"({"batch_ref":"b","sku":"MUG","quantity":9})", "c2", "MUG", {},
              {{"traceparent", sampled}, {"tracestate", std::string(2'000, 'x')}});
  system.run();
  const auto order = system.events("OrderCreated").at(0);
  CHECK(order.header("traceparent").empty());
  CHECK(order.header("tracestate").empty());
  const auto batch = system.events("BatchCreated").at(0);
  CHECK(batch.header("traceparent") == sampled);
  CHECK(batch.header("tracestate").empty());
}

TEST_CASE("what is rolled back leaves no span") {
  std::vector<tracing::Span> spans;
  std::mutex mutex;
  const tracing::Tracer tracer{{.ratio = 1, .seed = 1}, [&](std::vector<tracing::Span> some) {
                                 const std::lock_guard lock{mutex};  // the shard and its relay
                                 std::move(some.begin(), some.end(), std::back_inserter(spans));
                               }};
  InMemoryBroker broker{1};
  TemporaryDirectory directory;
  handling::CommandHandler::Options handling;
  handling.wrap = [](handling::Handler next) {
    return [next](handling::Incoming& incoming) {
      if (incoming.envelope.id == "poison") throw std::runtime_error{"a defect"};
      return next(incoming);
    };
  };
  broker.put(new_batch("b1", "LAMP", "c1"));
  broker.put(allocate("o1", "LAMP", "poison"));
  broker.put(new_batch("b2", "MUG", "c2"));
  {
    RunningShard shard{broker, directory.path(), handling, &tracer};
    REQUIRE(broker.wait_for(topics::command_results, 3));
  }
  std::map<std::string, int> processed;
  for (const auto& span : spans) {
    if (span.kind != tracing::Span::Kind::consumer) continue;
    for (const auto& [name, value] : span.attributes) {
      if (name == "orderly.command_id") ++processed[std::get<std::string>(value)];
    }
    CHECK(span.end >= span.start);
  }
  CHECK(processed == std::map<std::string, int>{{"c1", 1}, {"c2", 1}, {"poison", 1}});  // the last as a dead letter
}

TEST_CASE("a command that is not traced costs no allocation more, with a tracer or without") {
  const tracing::Tracer tracer{{.ratio = 0, .seed = 1}, [](auto) {}};
  handling::CommandTracing tracing{tracer, 0};
  const auto off = allocations_of_100(nullptr), on = allocations_of_100(&tracing);
  WARN("allocations for 100 commands: " << off << " without a tracer, " << on << " with one that records none of them");
  CHECK(on <= off + 2);  // the stack of open commands, once
}
