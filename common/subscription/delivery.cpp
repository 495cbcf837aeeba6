#include "common/subscription/delivery.h"

#include <algorithm>

#include "common/clock/rfc3339.h"
#include "common/kafka/log_ids.h"
#include "common/subscription/dead_letter.h"

namespace orderly::subscription {
namespace {

using namespace std::chrono_literals;

}  // namespace

Delivery::Delivery(Options options, Ports ports, Handler handler, Metrics& metrics, const log::Logger& log)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      handler_(std::move(handler)),
      metrics_(metrics),
      log_(log),
      breaker_(options_.breaker) {}

Delivery::Progress Delivery::attempt(const kafka::Message& record, std::int32_t partitions,
                                     const std::stop_token& stop) {
  if (!given_up_) {
    if (!concerns(record)) return {.finished = true};
    if (tries_ == 0 && expired(record)) {
      metrics_.expired.Increment();
      return {.finished = true};
    }
  }
  show_breaker();
  if (const auto wait = until_allowed(); wait > 0ms) return {.wait = wait};
  if (given_up_) return try_to_bury(record, partitions, stop);
  auto outcome = call(record, stop);
  // What was cut short by the program's end is no failure: it comes again after the next start.
  if (outcome.kind == Outcome::Kind::retry && stop.stop_requested()) return {};
  const auto progress = judge(record, std::move(outcome));
  return given_up_ ? try_to_bury(record, partitions, stop) : progress;
}

bool Delivery::concerns(const kafka::Message& record) const {
  const auto type = record.header("ce_type");
  if (!type || std::ranges::find(options_.types, *type) == options_.types.end()) return false;
  return record.header(subscription_header).value_or(options_.name) == options_.name;
}

bool Delivery::expired(const kafka::Message& record) const {
  if (record.header(subscription_header)) return false;  // replayed by an operator, who wants it handled
  const auto time = parse_rfc3339(record.header("ce_time").value_or("")).value_or(from_unix_ms(record.timestamp_ms));
  return ports_.clock.now() - time > options_.max_age;
}

// Ceiling, so that a wait never ends a fraction too early.
std::chrono::milliseconds Delivery::until_allowed() const {
  const auto at = given_up_ ? next_try_ : std::max(next_try_, breaker_.open_until());
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(at - ports_.ticks()));
}

Outcome Delivery::call(const kafka::Message& record, const std::stop_token& stop) {
  const auto started = ports_.ticks();
  const auto traced_from = ports_.tracer == nullptr ? tracing::SpanTime{} : ports_.tracer->now();
  Outcome outcome;
  try {
    outcome = handler_(record, stop);
  } catch (const std::exception& error) {
    outcome = {Outcome::Kind::retry, error.what()};
  }
  metrics_.handle_seconds.Observe(std::chrono::duration<double>(ports_.ticks() - started).count());
  if (ports_.tracer != nullptr) trace(record, traced_from, outcome);
  return outcome;
}

void Delivery::trace(const kafka::Message& record, tracing::SpanTime started, const Outcome& outcome) const {
  const auto& tracer = *ports_.tracer;
  const auto parent = tracer.continued(record.header("traceparent").value_or(""));
  if (!parent) return;
  const auto text = [&](std::string_view name) { return std::string{record.header(name).value_or("")}; };
  tracing::Span span{.context = *parent, .parent_id = parent->span_id, .name = "notify " + options_.name};
  span.context.span_id = tracer.new_span_id();
  span.kind = tracing::Span::Kind::consumer;
  span.start = started;
  span.end = tracer.now();
  span.attributes = {{"messaging.system", "kafka"},
                     {"messaging.operation.name", "process"},
                     {"messaging.destination.name", std::string{record.topic}},
                     {"messaging.message.id", text("ce_id")},
                     {"orderly.command_id", text("ce_causationid")},
                     {"orderly.correlation_id", text("ce_correlationid")},
                     {"orderly.tries", std::int64_t{tries_}}};
  if (outcome.kind != Outcome::Kind::done) span.error = outcome.detail;
  tracer.record({std::move(span)});
}

Delivery::Progress Delivery::judge(const kafka::Message& record, Outcome outcome) {
  if (outcome.kind == Outcome::Kind::done) {
    breaker_.succeeded();
    last_failure_.clear();
    metrics_.done.Increment();
    return finish();
  }
  ++tries_;
  last_failure_ = std::move(outcome.detail);
  if (outcome.kind == Outcome::Kind::retry) breaker_.failed(ports_.ticks());
  show_breaker();
  if (outcome.kind == Outcome::Kind::give_up || tries_ >= options_.max_tries) {
    given_up_ = true;
    next_try_ = {};
    return {};
  }
  metrics_.retried.Increment();
  next_try_ = ports_.ticks() + options_.back_off.wait_after(tries_, ports_.random);
  with_ids(log_, record).warn("a record is tried again later", {{"reason", last_failure_}, {"tries", tries_}});
  return {.wait = until_allowed()};
}

Delivery::Progress Delivery::try_to_bury(const kafka::Message& record, std::int32_t partitions,
                                         const std::stop_token& stop) {
  try {
    bury(record, partitions, stop);
  } catch (const std::exception& error) {
    const auto* of_broker = dynamic_cast<const kafka::Error*>(&error);
    const auto kind = of_broker == nullptr ? kafka::Error::Kind::fatal : of_broker->kind();
    shorten_ = shorten_ || kind == kafka::Error::Kind::too_large;
    if (kind != kafka::Error::Kind::transient) publisher_.reset();
    next_try_ = ports_.ticks() + options_.back_off.wait_after(++burials_, ports_.random);
    if (!stop.stop_requested())
      with_ids(log_, record).warn("a dead letter is tried again later", {{"reason", error.what()}});
    return {.wait = until_allowed()};
  }
  metrics_.given_up.Increment();
  with_ids(log_, record)
      .error("a record is given up and dead-lettered", {{"reason", last_failure_}, {"tries", tries_}});
  return finish();
}

void Delivery::bury(const kafka::Message& record, std::int32_t partitions, const std::stop_token& stop) {
  if (!publisher_) {
    auto fresh = ports_.dead_letters();
    fresh->start({});
    publisher_ = std::move(fresh);
  }
  const std::stop_callback interrupt{stop, [this] { publisher_->interrupt(); }};
  auto letter = record;
  const std::string detail = shorten_ ? "its bytes are too large and left out; " + last_failure_ : last_failure_;
  if (shorten_) letter.value = {};
  publish(
      *publisher_, letter,
      {options_.dead_letter_topic, partitions, options_.name, options_.dead_letter_reason, detail, ports_.clock.now()});
}

Delivery::Progress Delivery::finish() {
  tries_ = burials_ = 0;
  next_try_ = {};
  given_up_ = shorten_ = false;
  show_breaker();
  return {.finished = true, .acted = true};
}

void Delivery::show_breaker() { metrics_.breaker.Set(static_cast<double>(breaker_.state(ports_.ticks()))); }

std::optional<std::string> Delivery::trouble() const {
  if (given_up_ && burials_ > 0) return "a dead letter cannot be published; the record failed with: " + last_failure_;
  switch (breaker_.state(ports_.ticks())) {
    case CircuitBreaker::State::open:
      return "the circuit breaker is open: " + last_failure_;
    case CircuitBreaker::State::half_open:
      return "the circuit breaker is half-open: " + last_failure_;
    case CircuitBreaker::State::closed:
      break;
  }
  if (tries_ > 0) return "a record is tried again: " + last_failure_;
  return std::nullopt;
}

}  // namespace orderly::subscription
