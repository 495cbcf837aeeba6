// A program's tracing as its options say: off, or a tracer whose spans go to a collector. Threads: made and destroyed
// by one, after and before everything that records. Failures: std::invalid_argument that names the option.
#pragma once

#include <memory>
#include <string>

#include "common/tracing/span_exporter.h"
#include "common/tracing/tracer.h"

namespace orderly::tracing {

struct Settings {
  std::string otlp_url;  // empty: off
  double ratio = 0;
  std::uint64_t seed = 0;
};

class Tracing {
 public:
  Tracing(const Settings& settings, Resource resource, prometheus::Registry& registry, const log::Logger& log)
      : exporter_({settings.otlp_url, std::move(resource)}, registry, log.module("tracing")),
        tracer_({settings.ratio, settings.seed}, [this](std::vector<Span> spans) { exporter_.add(std::move(spans)); }) {
  }
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  const Tracer* tracer() const { return &tracer_; }

 private:
  SpanExporter exporter_;
  Tracer tracer_;
};

// Null when it is off.
std::unique_ptr<Tracing> make_tracing(const Settings& settings, const std::string& service, const std::string& listen,
                                      prometheus::Registry& registry, const log::Logger& log);

}  // namespace orderly::tracing
