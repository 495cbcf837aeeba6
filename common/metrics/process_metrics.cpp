#include "common/metrics/process_metrics.h"

#include <dirent.h>
#include <prometheus/metric_family.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace orderly::metrics {
namespace {

struct Stat {
  double cpu_seconds = 0, start_seconds = 0, resident_bytes = 0, virtual_bytes = 0, threads = 0;
};

double boot_time() {
  std::ifstream file{"/proc/stat"};
  for (std::string word; file >> word;) {
    if (word != "btime") continue;
    double seconds = 0;
    file >> seconds;
    return seconds;
  }
  return 0;
}

// proc(5): the fields behind the program's name, which may hold blanks and brackets.
Stat read_stat() {
  std::ifstream file{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::istringstream fields{text.substr(std::min(text.size(), text.rfind(')') + 2))};
  std::string word;
  Stat stat;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK)), page = static_cast<double>(sysconf(_SC_PAGESIZE));
  for (int field = 3; fields >> word; ++field) {
    const auto value = [&] { return std::strtod(word.c_str(), nullptr); };
    if (field == 14 || field == 15) stat.cpu_seconds += value() / ticks;
    if (field == 20) stat.threads = value();
    if (field == 22) stat.start_seconds = boot_time() + value() / ticks;
    if (field == 23) stat.virtual_bytes = value();
    if (field == 24) stat.resident_bytes = value() * page;
  }
  return stat;
}

double open_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{opendir("/proc/self/fd"), closedir};
  if (!directory) return 0;
  double count = 0;
  while (readdir(directory.get()) != nullptr) ++count;
  return count - 3;  // ".", ".." and the directory itself
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  using enum prometheus::MetricType;
  const auto stat = read_stat();
  return {family("process_cpu_seconds_total", "User and system CPU time", Counter, stat.cpu_seconds),
          family("process_resident_memory_bytes", "Resident memory", Gauge, stat.resident_bytes),
          family("process_virtual_memory_bytes", "Virtual memory", Gauge, stat.virtual_bytes),
          family("process_start_time_seconds", "Unix time of the start", Gauge, stat.start_seconds),
          family("process_open_fds", "Open files", Gauge, open_files()),
          family("process_threads", "Threads", Gauge, stat.threads)};
}

}  // namespace orderly::metrics
