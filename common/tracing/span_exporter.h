// Sends spans to an OTLP/HTTP collector, in batches, from a thread of its own. Nobody waits for it: what finds the
// queue full is dropped and counted (orderly_spans_total), so is a batch that the collector does not take within three
// tries. Threads: add() from any; the rest from one. Failures stay inside, and are logged once until they pass.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/http/client.h"
#include "common/log/log.h"
#include "common/tracing/otlp.h"

namespace orderly::tracing {

class SpanExporter {
 public:
  struct Options {
    std::string url;  // http://HOST:PORT; /v1/traces is added where it has no path
    Resource resource;
    std::size_t max_queued = 16'384;
    std::size_t max_batch = 1'024;
    std::chrono::milliseconds interval{1'000};  // a span leaves after this long at the latest
    std::chrono::milliseconds timeout{3'000};   // of one request; also how long the program's end may wait for one
    int tries = 3;
  };

  // Throws std::invalid_argument when the url is none.
  SpanExporter(Options options, prometheus::Registry& registry, const log::Logger& log);
  ~SpanExporter();  // sends what is left, once

  void add(std::vector<Span> spans);

 private:
  void run();
  std::vector<Span> next_batch();
  bool send(const std::string& body);
  void export_batch(const std::vector<Span>& spans);
  bool pause(std::chrono::milliseconds time);

  const Options options_;
  const log::Logger log_;
  std::string path_;
  http::Client client_;
  prometheus::Counter &exported_, &dropped_, &failed_;
  prometheus::Gauge& queued_;
  bool in_trouble_ = false;  // of the thread alone

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Span> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace orderly::tracing
