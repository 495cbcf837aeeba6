// Spans as an OTLP/HTTP request's body, in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp): ids in hex,
// 64-bit numbers as text. Threads: any. Failures: none.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/tracing/tracer.h"

namespace orderly::tracing {

struct Resource {
  std::string service, instance;  // service.name, service.instance.id
};

std::string to_otlp_json(const Resource& resource, std::span<const Span> spans);

}  // namespace orderly::tracing
