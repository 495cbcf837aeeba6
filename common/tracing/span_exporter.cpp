#include "common/tracing/span_exporter.h"

#include <algorithm>

namespace orderly::tracing {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 500ms;  // before a batch is tried again; doubled each time

prometheus::Counter& counter(prometheus::Registry& registry, const char* outcome) {
  return prometheus::BuildCounter()
      .Name("orderly_spans_total")
      .Help("Spans by what became of them: exported, dropped (the queue was full), failed (not taken by the collector)")
      .Register(registry)
      .Add({{"outcome", outcome}});
}

// Of http://host:4318/path: where the path begins, or the end.
std::size_t path_begin(const std::string& url) {
  const auto host = url.find("://");
  return std::min(url.size(), url.find('/', host == std::string::npos ? 0 : host + 3));
}

std::string path_of(const std::string& url) {
  const auto path = url.substr(path_begin(url));
  return path.empty() || path == "/" ? "/v1/traces" : path;
}

}  // namespace

SpanExporter::SpanExporter(Options options, prometheus::Registry& registry, const log::Logger& log)
    : options_(std::move(options)),
      log_(log),
      path_(path_of(options_.url)),
      client_(options_.url.substr(0, path_begin(options_.url)), {.timeout = options_.timeout}),
      exported_(counter(registry, "exported")),
      dropped_(counter(registry, "dropped")),
      failed_(counter(registry, "failed")),
      queued_(prometheus::BuildGauge()
                  .Name("orderly_spans_queued")
                  .Help("Spans that wait to be sent")
                  .Register(registry)
                  .Add({})),
      thread_([this] { run(); }) {}

SpanExporter::~SpanExporter() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void SpanExporter::add(std::vector<Span> spans) {
  const std::lock_guard lock{mutex_};
  const auto room = options_.max_queued - std::min(options_.max_queued, queue_.size());
  const auto taken = std::min(room, spans.size());
  if (taken < spans.size()) dropped_.Increment(static_cast<double>(spans.size() - taken));
  std::move(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(taken), std::back_inserter(queue_));
  queued_.Set(static_cast<double>(queue_.size()));
  if (queue_.size() >= options_.max_batch) changed_.notify_all();
}

void SpanExporter::run() {
  for (;;) {
    const auto batch = next_batch();
    if (!batch.empty()) {
      export_batch(batch);
      continue;
    }
    const std::lock_guard lock{mutex_};
    if (stopping_ && queue_.empty()) return;
  }
}

// Waits for a full one, or for the interval's end.
std::vector<Span> SpanExporter::next_batch() {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, options_.interval, [this] { return stopping_ || queue_.size() >= options_.max_batch; });
  const auto count = static_cast<std::ptrdiff_t>(std::min(options_.max_batch, queue_.size()));
  std::vector<Span> batch{std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + count)};
  queue_.erase(queue_.begin(), queue_.begin() + count);
  queued_.Set(static_cast<double>(queue_.size()));
  return batch;
}

void SpanExporter::export_batch(const std::vector<Span>& spans) {
  const auto body = to_otlp_json(options_.resource, spans);
  auto wait = std::chrono::milliseconds{first_pause};
  for (int attempt = 1; attempt <= options_.tries; ++attempt, wait *= 2) {
    if (send(body)) return exported_.Increment(static_cast<double>(spans.size()));
    if (attempt < options_.tries && !pause(wait)) break;
  }
  failed_.Increment(static_cast<double>(spans.size()));
}

bool SpanExporter::send(const std::string& body) {
  std::string reason;
  try {
    const auto answer = client_.post(path_, body, "application/json");
    if (answer.status < 300) {
      if (in_trouble_) log_.info("spans are taken again");
      in_trouble_ = false;
      return true;
    }
    reason = "the collector answers " + std::to_string(answer.status);
  } catch (const std::exception& error) {
    reason = error.what();
  }
  if (!in_trouble_) log_.warn("spans cannot be sent", {{"reason", reason}});
  in_trouble_ = true;
  return false;
}

// False: the program ends, and what is left is tried once.
bool SpanExporter::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace orderly::tracing
