// The span of one request that carries a sampled traceparent, until its answer. Holds no path and no query: they name
// whom the request is about. Threads: as the request's exchange. Failures: none.
#pragma once

#include <optional>
#include <string>

#include "common/http/message.h"
#include "common/tracing/tracer.h"

namespace orderly::http {

class RequestTracing {
 public:
  RequestTracing(const tracing::Tracer* tracer, const Request& request) : tracer_(tracer) {
    if (tracer_ == nullptr) return;
    parent_ = tracer_->continued(request.header("traceparent").value_or(""));
    if (parent_) started_ = tracer_->now();
  }

  // `route`: as it was registered, such as "GET /orders/:order_id".
  void answered(const std::string& route, int status) const {
    if (!parent_) return;
    tracing::Span span{.context = *parent_, .parent_id = parent_->span_id, .name = route};
    span.context.span_id = tracer_->new_span_id();
    span.kind = tracing::Span::Kind::server;
    span.start = started_;
    span.end = tracer_->now();
    span.attributes = {{"http.request.method", route.substr(0, route.find(' '))},
                       {"http.route", route.substr(route.find(' ') + 1)},
                       {"http.response.status_code", std::int64_t{status}}};
    if (status >= 500) span.error = "status " + std::to_string(status);
    tracer_->record({std::move(span)});
  }

 private:
  const tracing::Tracer* tracer_;
  std::optional<tracing::TraceContext> parent_;
  tracing::SpanTime started_;
};

}  // namespace orderly::http
