// Which commands of an import may go now. An order's commands go one after the other, each once the former was
// accepted: CreateOrder, PayOrder, and then ShipOrder as soon as every line is allocated, or CancelOrder once the file
// has come to it. What waits for stock is asked to ship at the very end, and refused where stock has not come. At most
// `window` at a time: commands without an answer, and order lines of which nobody has heard whether there is stock, so
// that the work which the write service makes for itself is bounded too.
// Pure: told what happened, asked what to do. Memory: the orders that are open. Threads: one. Failures: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orderly::cli::importing {

// Stored as numbers: add at the end only.
enum class Outcome { none, accepted, rejected, dead_lettered, not_sent };
std::string_view name_of(Outcome outcome);     // NOT_SENT
enum class Stock { unknown, out, allocated };  // of an order: nothing heard, a line found none, every line has a batch

struct PlannedOrder {
  std::int64_t number = 0;              // the order's, and that of its CreateOrder
  std::array<std::int64_t, 3> steps{};  // numbers of CreateOrder, PayOrder, and ShipOrder or CancelOrder
  bool is_cancelled = false;            // the last one is a CancelOrder
  std::int64_t lines = 0;
  std::array<Outcome, 3> outcomes{};  // as known from an earlier run
  Stock stock = Stock::unknown;
};

class Schedule {
 public:
  explicit Schedule(std::int64_t window) : window_(window) {}

  // Whether the plan's next step may be told. It must not before, and orders not before the batches are answered.
  bool has_room() const { return busy() < window_; }
  bool batches_are_answered() const { return batches_ == 0; }
  void add_batch(std::int64_t command);
  void add_order(const PlannedOrder& planned);
  void reach_cancellation(std::int64_t order);
  void reach_end();

  void hear_outcome(std::int64_t command, Outcome outcome);
  void hear_stock(std::int64_t order, Stock stock);

  std::optional<std::int64_t> next_to_send();
  std::optional<std::int64_t> next_not_to_send();  // its order was refused before
  bool is_finished() const { return at_end_ && open_.empty() && waiting_.empty(); }

  std::int64_t unanswered() const { return static_cast<std::int64_t>(waiting_.size()); }

 private:
  struct OpenOrder {
    PlannedOrder planned;
    bool waits = false;  // for an answer
    bool may_cancel = false;
    bool counts_lines = false;
  };
  static constexpr std::int64_t of_batch = 0;

  std::int64_t busy() const { return unanswered() + unknown_lines_; }
  void advance(OpenOrder& order);
  void count_lines(OpenOrder& order, bool count);
  void close(std::int64_t order);
  void ask_for_the_rest();

  std::int64_t window_;
  std::unordered_map<std::int64_t, OpenOrder> open_;        // by number
  std::unordered_map<std::int64_t, std::int64_t> waiting_;  // command -> order, until it is answered
  std::deque<std::int64_t> ready_, not_sent_;               // what is ready waits for its answer already
  std::int64_t unknown_lines_ = 0, batches_ = 0;
  bool at_end_ = false, ships_all_ = false;
};

}  // namespace orderly::cli::importing
