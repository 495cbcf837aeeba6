// What a command costs in the deduplication as the ids grow: ns a new id and a repeat, memory, disk, start, worst
// batch. Usage: deduplication_bench [ids = 5000000] [batch = 2000] [bucket_ids = 131072]. Exits 1 where an answer is
// wrong.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "common/sqlite/database.h"
#include "storage/deduplication.h"

namespace {

using namespace orderly;
using storage::Deduplication;
using Clock = std::chrono::steady_clock;
constexpr int result_bytes = 100;
constexpr std::int64_t start_unix_ms = 1'700'000'000'000;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Random UUIDs, not UUIDv7: nothing may depend on ids being ordered.
std::string id_of(std::uint64_t number) {
  std::uint64_t a = (number + 1) * 0x9E3779B97F4A7C15U;
  a = (a ^ (a >> 30)) * 0xBF58476D1CE4E5B9U;
  a ^= a >> 27;
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4000-8000-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a & 0xFFFF), static_cast<unsigned long long>(number));
  return text;
}

struct Batch {
  double find_ns = 0;
  double total_ns = 0;
  double worst_ms = 0;
};

class Bench {
 public:
  Bench(std::filesystem::path file, std::uint32_t bucket_ids, std::uint64_t batch_ids)
      : file_(std::move(file)), batch_ids_(batch_ids) {
    options_.bucket_ids = bucket_ids;
    open();
  }

  void open() {
    seen_.reset();
    db_.reset();
    db_ = std::make_unique<sqlite::Database>(file_, sqlite::OpenMode::read_write);
    db_->execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA secure_delete = OFF");
    Deduplication::create_tables(*db_);
    const auto start = Clock::now();
    seen_ = std::make_unique<Deduplication>(*db_, options_);
    if (count_ > 0)
      std::printf("start with %llu ids: %.1f ms\n", static_cast<unsigned long long>(count_), ms_since(start));
  }

  void grow_to(std::uint64_t end) {
    Batch sum;
    const std::uint64_t before = count_;
    while (count_ < end) run_batch(sum);
    report(sum, static_cast<double>(count_ - before));
  }

  void repeats(int count) {
    std::mt19937_64 random{42};
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(id_of(random() % count_));
    const auto start = Clock::now();
    for (const auto& id : ids) {
      if (seen_->find(id) != result_) std::printf("WRONG: %s is not known\n", id.c_str()), std::exit(1);
    }
    std::printf("  repeats, anywhere in the past: %.0f ns each\n", ms_since(start) * 1e6 / count);
  }

  // All at once: what was remembered expires while new ids come.
  void expire() {
    now_unix_ms_ += options_.retention.count() * 2;
    Batch sum;
    const std::uint64_t before = count_;
    for (std::uint64_t end = count_ + count_; count_ < end;) run_batch(sum);
    std::printf("while all before expires:\n");
    report(sum, static_cast<double>(count_ - before));
  }

 private:
  void run_batch(Batch& sum) {
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; i < batch_ids_; ++i) ids.push_back(id_of(count_ + i));
    const auto start = Clock::now();
    sqlite::Transaction transaction{*db_};
    for (const auto& id : ids) {
      if (seen_->find(id)) std::printf("WRONG: %s is known\n", id.c_str()), std::exit(1);
    }
    sum.find_ns += ms_since(start) * 1e6;
    for (const auto& id : ids) seen_->remember(id, result_, now_unix_ms_);
    seen_->write();
    transaction.commit();
    seen_->committed();
    const double took_ms = ms_since(start);
    sum.total_ns += took_ms * 1e6;
    sum.worst_ms = std::max(sum.worst_ms, took_ms);
    count_ += batch_ids_;
    now_unix_ms_ += 5;
  }

  void report(const Batch& sum, double ids) const {
    const double bytes = static_cast<double>(seen_->approximate_bytes());
    const double disk = static_cast<double>(db_->query_integer("PRAGMA page_count") * 4096);
    std::printf(
        "%llu ids: a new id %.0f ns (find %.0f); worst batch %.1f ms; memory %.1f MB, %.2f bytes an id; disk %.0f MB\n",
        static_cast<unsigned long long>(count_), sum.total_ns / ids, sum.find_ns / ids, sum.worst_ms, bytes / 1e6,
        bytes / static_cast<double>(count_), disk / 1e6);
  }

  std::filesystem::path file_;
  std::uint64_t batch_ids_;
  Deduplication::Options options_;
  std::unique_ptr<sqlite::Database> db_;
  std::unique_ptr<Deduplication> seen_;
  std::string result_ = std::string(result_bytes, 'r');
  std::uint64_t count_ = 0;
  std::int64_t now_unix_ms_ = start_unix_ms;
};

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  const std::uint64_t ids = argument(1, 5'000'000);
  const auto folder =
      std::filesystem::temp_directory_path() / ("deduplication_bench." + std::to_string(std::random_device{}()));
  std::filesystem::create_directory(folder);
  {
    Bench bench{folder / "bench.db", static_cast<std::uint32_t>(argument(3, 131'072)), argument(2, 2'000)};
    for (std::uint64_t step = 10'000; step < ids; step *= 10) {
      bench.grow_to(step);
      bench.repeats(5'000);
    }
    bench.grow_to(ids);
    bench.repeats(50'000);
    bench.open();
    bench.repeats(5'000);
    bench.expire();
  }
  std::filesystem::remove_all(folder);
}
