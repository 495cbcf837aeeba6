// Random histories of a product against a model that knows no index, no queue links and no room, only lists and loops.
// The seed of a failing history is in the message; every history is a few dozen commands on few ids, so that they
// collide. The model shares nothing with the product but the types of its commands and events.
#include <algorithm>
#include <random>

#include "domain/in_memory_archive.h"
#include "domain/product.h"
#include "given.h"
#include "lines_of.h"

namespace {

using namespace orderly::domain;
using namespace orderly::testing;

struct Shape {
  std::uint64_t histories;
  int commands;       // of a history
  int orders;         // how many different ones
  int most_quantity;  // of a batch
};

struct ModelBatch {
  std::string ref;
  std::int64_t quantity = 0;
  int day = 0;  // 0: warehouse
};
struct ModelLine {
  std::string order;
  std::int64_t quantity = 0;
  bool backorder = false;
  std::string ref;  // empty: waits
  int arrived = 0;
  int allocated = 0;  // when, for newest first
};

class Model {
 public:
  // The events that the rules ask for; nothing for a refusal.
  std::optional<std::vector<Product::Event>> run(const Product::Command& command) {
    events_.clear();
    const bool accepted = std::visit(
        overloaded{[&](const CreateBatch& c) { return create(c); }, [&](const Allocate& c) { return allocate(c); },
                   [&](const Deallocate& c) { return deallocate(c); },
                   [&](const ChangeBatchQuantity& c) { return change(c); }},
        command);
    return accepted ? std::optional{events_} : std::nullopt;
  }

  std::int64_t allocated(const std::string& ref) const {
    std::int64_t sum = 0;
    for (const ModelLine& line : lines) sum += line.ref == ref ? line.quantity : 0;
    return sum;
  }

  std::vector<ModelBatch> batches;
  std::vector<ModelLine> lines;

 private:
  std::vector<ModelLine>::iterator line_of(const std::string& order) {
    return std::ranges::find(lines, order, &ModelLine::order);
  }
  std::vector<ModelBatch>::iterator batch_of(const std::string& ref) {
    return std::ranges::find(batches, ref, &ModelBatch::ref);
  }

  ModelLine* head_of_queue() {
    ModelLine* head = nullptr;
    for (ModelLine& line : lines) {
      if (line.ref.empty() && (!head || line.arrived < head->arrived)) head = &line;
    }
    return head;
  }

  // Whether a batch was found for it.
  bool place(ModelLine& line) {
    const ModelBatch* best = nullptr;
    for (const ModelBatch& batch : batches) {
      const bool fits = batch.quantity - allocated(batch.ref) >= line.quantity;
      if (fits && (!best || batch.day < best->day)) best = &batch;
    }
    if (!best) return false;
    line.ref = best->ref;
    line.allocated = ++clock_;
    events_.emplace_back(Allocated{line.order, "LAMP", line.quantity, line.ref, line.backorder});
    return true;
  }

  void serve_queue() {
    for (ModelLine* head = head_of_queue(); head && place(*head);) head = head_of_queue();
  }

  bool create(const CreateBatch& c) {
    if (batch_of(c.batch_ref) != batches.end()) return false;
    events_.emplace_back(BatchCreated{c.batch_ref, "LAMP", c.quantity, c.eta});
    const int day = c.eta ? static_cast<int>(static_cast<unsigned>(c.eta->day())) : 0;
    batches.push_back({c.batch_ref, c.quantity, day});
    serve_queue();
    return true;
  }

  bool allocate(const Allocate& c) {
    if (batches.empty() && !c.backorder) return false;
    const auto known = line_of(c.order_id);
    if (known != lines.end() && known->quantity == c.quantity) {
      if (c.backorder && !known->backorder) {
        known->backorder = true;
        events_.emplace_back(BackorderPromised{c.order_id, "LAMP", known->quantity, known->ref});
      }
      return true;
    }
    if (known != lines.end()) {
      if (!c.replace) return false;
      give_back(known, "REPLACED");
    }
    ModelLine line{c.order_id, c.quantity, c.backorder, {}, ++clock_, 0};
    const bool placed = !head_of_queue() && place(line);
    if (!placed) events_.emplace_back(OutOfStock{"LAMP", c.order_id, c.quantity, c.backorder});
    if (placed || c.backorder) lines.push_back(line);
    return true;
  }

  bool deallocate(const Deallocate& c) {
    if (batches.empty() && lines.empty()) return false;
    const auto known = line_of(c.order_id);
    if (known == lines.end()) return true;
    give_back(known, "REQUESTED");
    return true;
  }

  void give_back(std::vector<ModelLine>::iterator line, const std::string& reason) {
    events_.emplace_back(Deallocated{line->order, "LAMP", line->quantity, line->ref, reason, line->backorder});
    lines.erase(line);
    serve_queue();
  }

  bool change(const ChangeBatchQuantity& c) {
    const auto batch = batch_of(c.batch_ref);
    if (batch == batches.end()) return false;
    if (batch->quantity == c.quantity) return true;
    batch->quantity = c.quantity;
    events_.emplace_back(BatchQuantityChanged{c.batch_ref, "LAMP", c.quantity});
    std::vector<ModelLine> displaced;
    while (allocated(c.batch_ref) > batch->quantity) displaced.push_back(take_newest(c.batch_ref));
    std::ranges::reverse(displaced);
    for (ModelLine& line : displaced) {
      if (!place(line)) events_.emplace_back(OutOfStock{"LAMP", line.order, line.quantity, line.backorder});
      if (!line.ref.empty() || line.backorder) lines.push_back(line);
    }
    serve_queue();
    return true;
  }

  ModelLine take_newest(const std::string& ref) {
    auto newest = lines.end();
    for (auto line = lines.begin(); line != lines.end(); ++line) {
      if (line->ref == ref && (newest == lines.end() || line->allocated > newest->allocated)) newest = line;
    }
    ModelLine taken = *newest;
    lines.erase(newest);
    events_.emplace_back(
        Deallocated{taken.order, "LAMP", taken.quantity, ref, "BATCH_QUANTITY_CHANGED", taken.backorder});
    taken.ref.clear();
    return taken;
  }

  std::vector<Product::Event> events_;
  int clock_ = 0;
};

class RandomCommands {
 public:
  RandomCommands(std::uint64_t seed, const Shape& shape) : shape_(shape), random_(seed) {}

  Product::Command next() {
    const int kind = number(0, 99);
    if (kind < 15) return CreateBatch{ref(), "LAMP", number(1, shape_.most_quantity), eta()};
    if (kind < 65) return Allocate{order(), "LAMP", number(1, 10), number(0, 2) > 0, number(0, 3) == 0};
    if (kind < 80) return Deallocate{order(), "LAMP"};
    return ChangeBatchQuantity{ref(), number(0, shape_.most_quantity), "LAMP"};
  }

  int number(int least, int most) { return std::uniform_int_distribution{least, most}(random_); }

 private:
  std::string ref() { return "b" + std::to_string(number(1, 5)); }
  std::string order() { return "o" + std::to_string(number(1, shape_.orders)); }
  std::optional<Date> eta() {
    const auto day = static_cast<unsigned>(number(0, 3));
    if (day == 0) return std::nullopt;
    return Date{std::chrono::year{2026}, std::chrono::January, std::chrono::day{day}};
  }

  const Shape& shape_;
  std::mt19937_64 random_;
};

using Verdict = std::optional<std::vector<Product::Event>>;

Verdict decided(const Product::State& state, const Product::Command& command) {
  auto decision = validate_and_decide<Product>(state, command);
  return decision ? Verdict{*std::move(decision)} : std::nullopt;
}

void evolve_all(Product::State& state, const std::vector<Product::Event>& events) {
  for (const auto& event : events) Product::evolve(state, event);
}

std::string describe(const Verdict& verdict) {
  return verdict ? orderly::testing::describe(*verdict) : std::string{" refused"};
}

// REQUIRE costs too much for every one of millions of checks, so the message is made only on failure.
void require(bool holds, const std::string& what) {
  if (!holds) FAIL(what);
}

void check_stock(const Product::State& state, const Model& model, const std::string& where) {
  require(state.batches.size() == model.batches.size(), where + "number of batches");
  require(state.lines.size() == model.lines.size(), where + "number of lines");
  for (const ModelBatch& batch : model.batches) {
    const auto number = state.batches.find(batch.ref);
    require(number.has_value(), where + "missing " + batch.ref);
    const std::int64_t room = state.batches.room(*number);
    require(room >= 0, where + "negative stock of " + batch.ref);
    require(room + model.allocated(batch.ref) == batch.quantity, where + "allocated + available of " + batch.ref);
  }
  for (const ModelLine& line : model.lines) {
    const auto ref = Product::allocated_batch(state, line.order);
    require(ref.value_or("") == line.ref, where + "batch of " + line.order);
  }
}

void check_each_line_once(const Product::State& state, const std::string& where) {
  const Product::Snapshot snapshot = Product::snapshot(state);
  std::vector<std::string> orders;
  for (const auto& line : snapshot.lines) orders.push_back(line.order_id);
  for (const auto& line : snapshot.waiting) orders.push_back(line.order_id);
  std::ranges::sort(orders);
  require(std::ranges::adjacent_find(orders) == orders.end(), where + "a line twice");
  require(std::ranges::is_sorted(snapshot.waiting, {}, &Product::Snapshot::Line::arrived), where + "queue order");
  for (const auto& line : snapshot.waiting) require(line.backorder, where + "a line waits that never asked to");
}

// After a command its repetition changes nothing. An allocation without backorder that found no room is told so again.
void check_twice_adds_nothing(Product::State& state, const Product::Command& command, const std::string& where) {
  const Product::Snapshot before = Product::snapshot(state);
  const Verdict again = decided(state, command);
  const auto* allocate = std::get_if<Allocate>(&command);
  const bool told_again = again && again->size() == 1 && allocate && !allocate->backorder &&
                          std::holds_alternative<OutOfStock>(again->front());
  require(!again || again->empty() || told_again, where + "twice:" + describe(again));
  if (again) evolve_all(state, *again);
  require(Product::snapshot(state) == before, where + "twice changed the state");
}

// The same product, whose lines leave memory now and then, and which is sometimes restored from its snapshot.
class Archived {
 public:
  Archived() { attach(); }

  void pass_time(RandomCommands& dice) {
    if (dice.number(0, 3) == 0) state.lines.archive(static_cast<std::size_t>(dice.number(0, 3)));
    if (dice.number(0, 5) > 0) return;
    state = Product::restore(Product::snapshot(state));
    attach();
  }
  void check_same(const Product::State& other, const std::string& where) const {
    require(state.lines.size() == other.lines.size(), where + "number of archived lines");
    require(lines_of(state) == lines_of(other), where + "archived lines differ");
    require(state.lines.anyone_waits() == other.lines.anyone_waits(), where + "whether anyone waits");
  }

  Product::State state;

 private:
  void attach() { state.lines.attach(std::make_unique<InMemoryArchive>(lines_)); }
  std::shared_ptr<InMemoryArchive::Lines> lines_ = std::make_shared<InMemoryArchive::Lines>();
};

void run_history(std::uint64_t seed, const Shape& shape) {
  RandomCommands commands{seed, shape};
  RandomCommands dice{seed + 1, shape};
  Product::State state;
  Product::State restored;  // put through a snapshot before every command
  Archived archived;
  Model model;
  for (int i = 0; i < shape.commands; ++i) {
    const Product::Command command = commands.next();
    const std::string where = "seed " + std::to_string(seed) + ", command " + std::to_string(i) + ": ";
    const Verdict expected = model.run(command);
    const Verdict got = decided(state, command);
    require(got == expected, where + "expected:" + describe(expected) + "\ngot:" + describe(got));
    restored = Product::restore(Product::snapshot(restored));
    require(decided(restored, command) == got, where + "a restored state decides otherwise");
    archived.pass_time(dice);
    const Verdict from_archive = decided(archived.state, command);
    require(from_archive == got, where + "with archived lines it decides otherwise:" + describe(from_archive) +
                                     "\nwithout:" + describe(got));
    if (got) {
      evolve_all(state, *got);
      evolve_all(restored, *got);
      evolve_all(archived.state, *got);
    }
    require(Product::snapshot(restored) == Product::snapshot(state), where + "a restored state differs");
    archived.check_same(state, where);
    check_stock(state, model, where);
    check_each_line_once(state, where);
    check_twice_adds_nothing(state, command, where);
  }
}

void run(const Shape& shape) {
  for (std::uint64_t seed = 1; seed <= shape.histories; ++seed) run_history(seed, shape);
}

}  // namespace

TEST_CASE("Ten thousand random histories of a product obey the rules", "[product][property]") {
  run({10'000, 40, 25, 30});
  SUCCEED();
}

TEST_CASE("Long random histories of a product with many lines obey the rules", "[product][property]") {
  run({40, 1'000, 200, 400});
  SUCCEED();
}
