#include <fstream>
#include <iostream>
#include <thread>

#include "cli/outgoing_command.h"
#include "cli/progress.h"
#include "cli/result_listener.h"
#include "cli/send_options.h"
#include "cli/send_summary.h"
#include "cli/sender.h"
#include "cli/tally.h"
#include "cli/text.h"

namespace orderly::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_missing_named = 10;

// Counts results into the tally, in a thread of its own, from its making to its end.
class ResultThread {
 public:
  ResultThread(const kafka::Config& config, const log::Logger& log, Tally& tally)
      : listener_(config, log), thread_([this, &tally](const std::stop_token& stop) { run(stop, tally); }) {}

  // Why nothing comes, empty when all is well. Ends the thread.
  std::string stop() {
    thread_.request_stop();
    thread_.join();
    return trouble_.empty() ? listener_.trouble() : trouble_;
  }
  bool failed() const { return failed_.load(); }

 private:
  void run(const std::stop_token& stop, Tally& tally) try {
    while (!stop.stop_requested()) {
      listener_.poll(
          200ms, [&](std::string_view id) { return tally.take(id); },
          [&](const messaging::v1::CommandResult& result) { tally.count(result); });
    }
  } catch (const std::exception& error) {
    trouble_ = error.what();
    failed_.store(true);
  }

  ResultListener listener_;
  std::string trouble_;
  std::atomic<bool> failed_ = false;
  std::jthread thread_;
};

class FileSender {
 public:
  FileSender(const SendOptions& options, std::istream& lines, std::int64_t file_bytes, Console& console)
      : options_(options),
        lines_(lines),
        file_bytes_(file_bytes),
        console_(console),
        progress_(console),
        sender_(options.broker.config(), options.broker.log(),
                [this](const Delivery& delivery) { delivered(delivery); }, Signer{options.signing}) {
    if (options.wait) results_.emplace(options.broker.config(), options.broker.log(), tally_);
  }

  SendSummary run() {
    started_ = Clock::now();
    send_lines();
    while (!sender_.flush(100ms)) show_progress();
    tally_.forget(undelivered_);
    auto ended = Clock::now();
    if (results_) {
      wait_for_results();
      if (summary_.results.all() > 0) ended = std::max(ended, tally_.last_result());
    }
    progress_.clear();
    summary_.seconds = std::chrono::duration<double>(ended - started_).count();
    return summary_;
  }

 private:
  void send_lines() {
    std::string line;
    while (std::getline(lines_, line)) {
      ++line_number_;
      bytes_read_ += static_cast<std::int64_t>(line.size()) + 1;
      if (line.find_first_not_of(" \t\r") != std::string::npos) send_line(line);
      if (progress_.is_due()) show_progress();
    }
    if (lines_.bad()) throw std::runtime_error{"--file: " + options_.file + " cannot be read to its end"};
  }

  void send_line(std::string_view line) {
    OutgoingCommand command;
    try {
      command = command_from_json(line, ids_);
    } catch (const std::invalid_argument& error) {
      ++summary_.broken_lines;
      return report(line_number_, error.what());
    }
    if (options_.rate > 0) {
      sender_.serve_until(started_ + std::chrono::round<Clock::duration>(std::chrono::duration<double>(
                                         static_cast<double>(summary_.sent) / options_.rate)));
    }
    if (results_) tally_.expect(command.id, line_number_);
    ++summary_.sent;  // taken back when its delivery fails
    sender_.send(command, line_number_);
  }

  void delivered(const Delivery& delivery) {
    if (delivery.error.empty()) return;
    --summary_.sent;
    ++summary_.not_delivered;
    undelivered_.insert(delivery.tag);
    report(delivery.tag, "not delivered: " + delivery.error);
  }

  void wait_for_results() {
    const auto from = Clock::now();
    while (!tally_.wait(200ms) && !results_->failed()) {
      if (Clock::now() - std::max(from, tally_.last_result()) > *options_.wait) break;
      show_progress();
    }
    const auto trouble = results_->stop();
    summary_.results = tally_.counts();
    const auto missing = tally_.missing();
    summary_.missing = static_cast<std::int64_t>(missing.size());
    for (std::size_t i = 0; i < std::min(missing.size(), most_missing_named); ++i) {
      report(missing[i].first, "no result for " + missing[i].second + (trouble.empty() ? "" : " (" + trouble + ")"));
    }
    if (missing.size() > most_missing_named) {
      console_.err << "and " << grouped(static_cast<std::int64_t>(missing.size() - most_missing_named))
                   << " more without a result\n";
    }
  }

  void report(std::size_t line, const std::string& reason) {
    progress_.clear();
    console_.err << "line " << line << ": " << one_line(reason) << '\n';
  }

  void show_progress() {
    if (!progress_.is_due()) return;
    ProgressState state{summary_.sent, std::nullopt, std::nullopt};
    if (results_) state.results = tally_.counts().all();
    if (file_bytes_ > 0) {
      // The results are most of the work where they are waited for.
      const double read = static_cast<double>(bytes_read_) / static_cast<double>(file_bytes_);
      const double answered =
          state.sent > 0 ? static_cast<double>(state.results.value_or(0)) / static_cast<double>(state.sent) : 0;
      state.fraction = results_ ? read * answered : read;
    }
    progress_.show(state);
  }

  const SendOptions& options_;
  std::istream& lines_;
  std::int64_t file_bytes_ = 0, bytes_read_ = 0;  // 0: unknown
  std::size_t line_number_ = 0;
  Console& console_;
  Progress progress_;
  IdSource ids_;
  SendSummary summary_;
  Clock::time_point started_;
  std::set<std::size_t> undelivered_;  // line numbers
  Tally tally_;
  std::optional<ResultThread> results_;
  Sender sender_;
};

std::int64_t size_of(std::ifstream& file) {
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::int64_t>(file.tellg());
  file.clear();  // a pipe has no size
  if (size >= 0) file.seekg(0);
  return std::max<std::int64_t>(0, size);
}

SendSummary send_from(const SendOptions& options, Console& console) {
  if (options.file == "-") return FileSender{options, std::cin, 0, console}.run();
  std::ifstream file{options.file};
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    if (!file.is_open() || file.bad()) throw options::OptionError{"--file: " + options.file + " cannot be read"};
    file.clear();
  }
  const auto bytes = size_of(file);
  return FileSender{options, file, bytes, console}.run();
}

}  // namespace

int send_file(const SendOptions& options, Console& console) {
  const bool json = options.output.json();
  const auto summary = send_from(options, console);
  print(summary, json, options.wait.has_value(), console);
  if (summary.broken_lines > 0 || summary.not_delivered > 0) return 1;
  return summary.missing > 0 ? 3 : 0;
}

}  // namespace orderly::cli
