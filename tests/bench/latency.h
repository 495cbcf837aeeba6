// Commands at a steady rate, and for each the time until its result is committed and until its row is visible.
// Threads: one that sends, one that reads results, one that asks over HTTP; all end with the call.
// Failures: std::runtime_error; a command that never shows is counted as missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workload.h"

namespace orderly::bench {

struct LatencyOptions {
  std::string brokers;
  std::string read_host = "127.0.0.1";
  std::uint16_t read_port = 0;  // 0: the rows are left out
  double rate = 500;            // commands per second
  int seconds = 20, warm_up_seconds = 3;
  WorkloadOptions workload;
};

struct Latencies {  // milliseconds, ascending
  std::vector<double> result, visible;
  std::size_t sent = 0;
  double late_ms_p99 = 0;  // how far behind its schedule the sender was
};

// Time counts from the moment the client's send is called.
Latencies measure_latency(const LatencyOptions& options);

double quantile(const std::vector<double>& ascending, double share);

}  // namespace orderly::bench
