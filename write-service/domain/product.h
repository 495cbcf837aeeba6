// The stock of one sku: its batches, the lines allocated to them and the lines that wait. Contract: decider.h.
// Allocate costs O(log batches) whatever the number of open lines; quantities are in pieces.
// The sku of a command is filled in before it comes here, that of a ChangeBatchQuantity from its batch's claim.
//
// Rules (Architecture Patterns with Python, and first come, first served for those who wait):
// - A line goes to the first batch with room: warehouse stock, then the earliest eta, then the batch created first.
// - The queue is strict, ordered by when a line was first asked for. Its head holds up all behind it, and a new
// Allocate
//   too: were smaller lines to pass, a large one could wait for ever.
// - ChangeBatchQuantity below what is allocated: the line allocated last leaves first, until the rest fits. Then each,
//   the one allocated first first, is allocated again where there is room, before those in the queue and even if a
//   larger one before it found none: it had a promise. Without room it is out of stock, or, asked for with backorder,
//   waits in its old place.
// - After every command the head of the queue fits in no batch.
// - A sku without a batch is unknown, but a line with backorder may wait for its first one.
// - An order has one line of a sku. One of another quantity is refused; with replace, as an order asks for its own
//   lines, the old one is given back, what it leaves goes to the queue, and the new one comes last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/batches.h"
#include "domain/decider.h"
#include "domain/open_lines.h"
#include "domain/values.h"

namespace orderly::domain {

struct CreateBatch {
  std::string batch_ref;
  std::string sku;
  std::int64_t quantity = 0;
  std::optional<Date> eta;  // none: in the warehouse
  bool operator==(const CreateBatch&) const = default;
};
struct Allocate {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  bool backorder = false;  // wait when there is no room
  bool replace = false;    // an open line of another quantity makes way, where it would be refused
  bool operator==(const Allocate&) const = default;
};
struct Deallocate {
  std::string order_id;
  std::string sku;
  bool operator==(const Deallocate&) const = default;
};
struct ChangeBatchQuantity {
  std::string batch_ref;
  std::int64_t quantity = 0;
  std::string sku;
  bool operator==(const ChangeBatchQuantity&) const = default;
};

struct BatchCreated {
  std::string batch_ref;
  std::string sku;
  std::int64_t quantity = 0;
  std::optional<Date> eta;
  bool operator==(const BatchCreated&) const = default;
};
struct BatchQuantityChanged {
  std::string batch_ref;
  std::string sku;
  std::int64_t quantity = 0;
  bool operator==(const BatchQuantityChanged&) const = default;
};
struct Allocated {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;
  bool backorder = false;  // whether the line waits again, should its batch lose it
  bool operator==(const Allocated&) const = default;
};
struct Deallocated {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;   // empty when the line was only waiting
  std::string reason;      // one of the two below
  bool backorder = false;  // the line's: its order is told
  bool operator==(const Deallocated&) const = default;
};
struct OutOfStock {
  std::string sku;
  std::string order_id;
  std::int64_t quantity = 0;
  bool backordered = false;  // it waits
  bool operator==(const OutOfStock&) const = default;
};
// A line allocated without backorder is asked for again with it: from now on it waits, should its batch lose it.
struct BackorderPromised {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;
  bool operator==(const BackorderPromised&) const = default;
};

// Reasons of a Deallocated: the line is over, asked for or for a new one; or its batch lost it, and a later event of
// the same command tells its fate.
inline constexpr std::string_view reason_requested = "REQUESTED";
inline constexpr std::string_view reason_replaced = "REPLACED";
inline constexpr std::string_view reason_batch_quantity_changed = "BATCH_QUANTITY_CHANGED";

struct Product {
  using Command = std::variant<CreateBatch, Allocate, Deallocate, ChangeBatchQuantity>;
  using Event = std::variant<BatchCreated, BatchQuantityChanged, Allocated, Deallocated, OutOfStock, BackorderPromised>;
  static constexpr std::string_view stream_category = "product";

  struct State {
    Batches batches;
    OpenLines lines;
  };

  static std::optional<Rejection> validate(const Command& command);
  static Decision<Event> decide(const State& state, const Command& command, Time now);
  static void evolve(State& state, const Event& event);
  static std::size_t approximate_bytes(const State& state);
  static const std::string& aggregate_id(const Command& command);

  // The batch that holds the order's line; nothing when the line waits or is unknown.
  static std::optional<std::string> allocated_batch(const State& state, std::string_view order_id);

  // The whole state as plain data but for archived lines, of which it says only where they stand; a restored state
  // behaves as the one it was taken of, once it has the same archive.
  struct Snapshot {
    struct Batch {
      std::string batch_ref;
      std::int64_t quantity = 0;
      std::optional<Date> eta;
      std::int64_t archived_quantity = 0;  // of its archived lines
      bool operator==(const Batch&) const = default;
    };
    struct Line {
      std::string order_id;
      std::int64_t quantity = 0;
      bool backorder = false;
      std::uint64_t arrived = 0;  // when it was first asked for, as a number of the product's own
      std::uint32_t batch = 0;    // index into batches; of no meaning in waiting
      bool operator==(const Line&) const = default;
    };
    std::vector<Batch> batches;         // in the order of creation
    std::vector<Line> lines;            // the hot ones, batch by batch, each batch's in the order of allocation
    std::vector<Line> waiting;          // the hot ones, in the order of the queue
    ArchivedLines::Directory archived;  // older than a batch's hot ones; of the queue, anywhere among them
    std::uint64_t next_arrival = 1;     // the number that the next new line gets
    bool operator==(const Snapshot&) const = default;
  };
  static Snapshot snapshot(const State& state);
  // Throws std::invalid_argument for a snapshot that contradicts itself.
  static State restore(Snapshot&& snapshot);
};

static_assert(Decider<Product>);

}  // namespace orderly::domain
