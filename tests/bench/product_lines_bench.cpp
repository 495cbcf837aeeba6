// What open lines cost: the handler and its store without a broker, as fast as they go.
//   bench-product-lines one [lines = 1000000]                      one product with so many lines beside one of 1,000
//   bench-product-lines many [products = 1000] [lines = 20000]     so many lines in each of many products
// Prints rates, CPU, memory, bytes written, and the time from a start to the first answer. The store is a temporary one
// below $TMPDIR; ORDERLY_BENCH_CACHE_MIB bounds the live aggregates (256). Exits 1 where an answer is wrong.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "handling/command_handler.h"
#include "storage/unit_of_work.h"

namespace {

using namespace orderly;
using Clock = std::chrono::steady_clock;
constexpr std::uint64_t batch_commands = 2'000;
constexpr std::uint64_t few_lines = 1'000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// A line "name: 123 kB" or "name: 123" of one of the process's files.
double proc_value(const char* file, const std::string& name) {
  std::ifstream in{file};
  for (std::string word; in >> word;) {
    double value = 0;
    if (word == name + ':' && in >> value) return value;
  }
  return 0;
}

double resident_mib() { return proc_value("/proc/self/status", "VmRSS") / 1024; }
double written_bytes() { return proc_value("/proc/self/io", "wchar"); }

// Random UUIDs: nothing may depend on ids being ordered.
std::string id_of(std::uint64_t number) {
  std::uint64_t a = (number + 1) * 0x9E3779B97F4A7C15U;
  a = (a ^ (a >> 30)) * 0xBF58476D1CE4E5B9U;
  a ^= a >> 27;
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4000-8000-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a & 0xFFFF), static_cast<unsigned long long>(number));
  return text;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

[[noreturn]] void wrong(const std::string& what) {
  std::printf("WRONG: %s\n", what.c_str());
  std::exit(1);
}

struct Cost {
  double seconds = 0, cpu_seconds = 0, bytes = 0, commands = 0;
  double rate() const { return commands / seconds; }
  double cpu_us() const { return cpu_seconds * 1e6 / commands; }
};

class Store {
 public:
  explicit Store(std::filesystem::path folder, std::uint64_t commands = 0)
      : folder_(std::move(folder)), commands_(commands) {
    const char* mib = std::getenv("ORDERLY_BENCH_CACHE_MIB");
    options_.cache_bytes = (mib != nullptr ? std::strtoull(mib, nullptr, 10) : 256) * 1024 * 1024;
    open();
  }

  void open() {
    work_ = std::make_unique<storage::UnitOfWork>(folder_, storage::ShardPlace{0, 1}, options_);
    handler_ = std::make_unique<handling::CommandHandler>(
        *work_, handling::CommandHandler::Options{},
        [](const Envelope&, const handling::Outcome& outcome) {
          if (outcome.status != "ACCEPTED") wrong("a command is " + std::string{outcome.status});
        },
        log::Logger::silent());
  }

  void create_batch(const std::string& sku) {
    allocation::v1::CreateBatch command;
    command.set_batch_ref("batch-of-" + sku);
    command.set_sku(sku);
    command.set_quantity(1'000'000'000);
    handle("allocation.v1.CreateBatch", command);
  }

  // The next line of this product.
  void allocate(const std::string& sku) {
    allocation::v1::Allocate command;
    command.set_order_id(id_of(commands_));
    command.set_sku(sku);
    command.set_quantity(1);
    handle("allocation.v1.Allocate", command);
  }

  // One that the product had long ago, and that is found in its archive.
  void deallocate(const std::string& sku, std::uint64_t command) {
    allocation::v1::Deallocate message;
    message.set_order_id(id_of(command));
    message.set_sku(sku);
    handle("allocation.v1.Deallocate", message);
  }

  void commit() {
    for (const auto& chunk : work_->commit()) work_->published(chunk->lane, chunk->sequence + chunk->count);
  }

  Cost allocate_many(const std::string& sku, std::uint64_t lines) {
    return measured(lines, [&](std::uint64_t) { allocate(sku); });
  }

  template <class Function>
  Cost measured(std::uint64_t commands, Function&& handle_one) {
    const auto start = Clock::now();
    const double cpu = cpu_seconds();
    const double bytes = written_bytes();
    for (std::uint64_t i = 0; i < commands; ++i) {
      handle_one(i);
      if ((i + 1) % batch_commands == 0) commit();
    }
    commit();
    return {seconds_since(start), cpu_seconds() - cpu, written_bytes() - bytes, static_cast<double>(commands)};
  }

  const domain::Product::State& product(const std::string& sku) {
    return work_->aggregates().load<domain::Product>(sku).state;
  }
  storage::UnitOfWork& work() { return *work_; }

 private:
  void handle(std::string_view type, const google::protobuf::MessageLite& message) {
    const std::string id = "c-" + std::to_string(commands_++);
    const std::string value = message.SerializeAsString();
    const kafka::Header headers[] = {{"ce_type", type}, {"ce_id", id}};
    constexpr std::int64_t start_unix_ms = 1'700'000'000'000;
    handler_->handle({"allocation.commands",
                      0,
                      static_cast<std::int64_t>(commands_),
                      start_unix_ms + static_cast<std::int64_t>(commands_),
                      {},
                      value,
                      headers},
                     0);
    work_->consumed(0, static_cast<std::int64_t>(commands_) + 1);
  }

  std::filesystem::path folder_;
  storage::UnitOfWork::Options options_;
  std::unique_ptr<storage::UnitOfWork> work_;
  std::unique_ptr<handling::CommandHandler> handler_;
  std::uint64_t commands_;
};

void print_tables(Store& store, double events) {
  const auto bytes = [&](const char* table, const char* column) {
    return static_cast<double>(
        store.work().database().query_integer(std::string{"SELECT sum(length("} + column + ")) FROM " + table));
  };
  std::printf("  kept: %.1f bytes a line in pages, %.2f in filters; %.1f bytes of data an event; snapshots %.1f KB\n",
              bytes("line_pages", "data") / events, bytes("line_runs", "filter") / events,
              bytes("events", "data") / events, bytes("snapshots", "data") / 1e3);
}

// Rounds of a thousand commands, one on the large product, one on a fresh one with a thousand lines.
void compare(Store& store, const std::string& large, int rounds) {
  std::vector<double> rate_ratios, cpu_ratios, bytes[2], rates[2], cpus[2];
  for (int round = 0; round < rounds; ++round) {
    const std::string small = "small-" + std::to_string(round);
    store.create_batch(small);
    store.allocate_many(small, few_lines);
    const bool large_first = round % 2 != 0;
    const Cost first = store.allocate_many(large_first ? large : small, few_lines);
    const Cost second = store.allocate_many(large_first ? small : large, few_lines);
    const auto [few, many] = large_first ? std::pair{second, first} : std::pair{first, second};
    rate_ratios.push_back(many.rate() / few.rate());
    cpu_ratios.push_back(many.cpu_us() / few.cpu_us());
    for (const auto& [side, cost] : {std::pair{0, few}, std::pair{1, many}}) {
      rates[side].push_back(cost.rate());
      cpus[side].push_back(cost.cpu_us());
      bytes[side].push_back(cost.bytes / cost.commands);
    }
  }
  const char* names[] = {"1,000 lines", "all lines"};
  for (const int side : {0, 1}) {
    std::printf("  %-12s %8.0f commands/s, %6.2f us of CPU, %6.0f bytes written a command (medians of %d)\n",
                names[side], median(rates[side]), median(cpus[side]), median(bytes[side]), rounds);
  }
  std::printf("  ratio: rate %.3f, CPU %.3f (medians of the rounds' own)\n", median(rate_ratios), median(cpu_ratios));
}

void one(Store& store, std::uint64_t lines) {
  const std::string large = "large";
  store.create_batch(large);
  const double before = resident_mib();
  for (std::uint64_t step = std::min<std::uint64_t>(lines, 1'000), done = 0; done < lines; step = done * 9) {
    step = std::min(step, lines - done);
    const Cost cost = store.allocate_many(large, step);
    done += step;
    std::printf(
        "to %llu lines: %.0f commands/s, %.2f us of CPU, %.0f bytes written a command; product %.2f MB "
        "(%.1f bytes a line), process %.0f MiB more\n",
        static_cast<unsigned long long>(done), cost.rate(), cost.cpu_us(), cost.bytes / cost.commands,
        static_cast<double>(domain::Product::approximate_bytes(store.product(large))) / 1e6,
        static_cast<double>(domain::Product::approximate_bytes(store.product(large))) / static_cast<double>(done),
        resident_mib() - before);
  }
  print_tables(store, static_cast<double>(lines));
  compare(store, large, 51);
  if (store.product(large).lines.size() < lines) wrong("lines are missing");
  std::mt19937_64 random{1};
  const Cost gone = store.measured(20'000, [&](std::uint64_t) { store.deallocate(large, 1 + random() % lines); });
  std::printf("  lines given back, anywhere in the past: %.0f commands/s, %.2f us of CPU\n", gone.rate(),
              gone.cpu_us());
  if (store.product(large).lines.size() + 15'000 > lines + 51 * few_lines) wrong("lines are still there");
}

void many(Store& store, std::uint64_t products, std::uint64_t lines) {
  std::vector<std::string> skus;
  for (std::uint64_t i = 0; i < products; ++i) store.create_batch(skus.emplace_back("sku-" + std::to_string(i)));
  store.commit();
  std::mt19937_64 random{1};
  const std::uint64_t step = std::max<std::uint64_t>(products * lines / 20, 1);
  std::optional<Cost> first;
  for (std::uint64_t done = 0; done < products * lines; done += step) {
    const Cost cost = store.measured(step, [&](std::uint64_t) { store.allocate(skus[random() % products]); });
    if (!first) first = cost;
    std::printf(
        "to %llu lines: %.0f commands/s (%.2f of the first), %.2f us of CPU (%.2f), %.0f bytes written a command; "
        "%zu products live, %.0f MB; process %.0f MiB\n",
        static_cast<unsigned long long>(done + step), cost.rate(), cost.rate() / first->rate(), cost.cpu_us(),
        cost.cpu_us() / first->cpu_us(), cost.bytes / cost.commands, store.work().aggregates().size(),
        static_cast<double>(store.work().aggregates().bytes()) / 1e6, resident_mib());
    std::fflush(stdout);
  }
  print_tables(store, static_cast<double>(products * lines));
}

// A start after a crash, with a first command for this product.
void restart(const std::filesystem::path& folder, const std::string& sku) {
  constexpr std::uint64_t unused_commands = 1'000'000'000;
  static std::uint64_t restarts = 0;
  const auto start = Clock::now();
  Store store{folder, unused_commands + restarts++};
  const double opened = seconds_since(start);
  store.allocate(sku);
  store.commit();
  std::printf("restart to the first answer of %s: %.1f ms, of it %.1f to open the store\n", sku.c_str(),
              seconds_since(start) * 1e3, opened * 1e3);
}

// In a process of its own that ends as in a crash: the store's log is neither written back nor closed.
template <class Function>
void crash_after(Function&& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) wrong("the first part failed");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "one";
  const auto argument = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  const auto folder =
      std::filesystem::temp_directory_path() / ("product_lines_bench." + std::to_string(std::random_device{}()));
  if (mode == "many") {
    crash_after([&] {
      Store store{folder};
      many(store, argument(2, 1'000), argument(3, 20'000));
    });
    restart(folder, "sku-0");
  } else {
    crash_after([&] {
      Store store{folder};
      one(store, argument(2, 1'000'000));
    });
    restart(folder, "large");
    restart(folder, "small-0");
  }
  std::filesystem::remove_all(folder);
}
