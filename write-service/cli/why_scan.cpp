#include "cli/why_scan.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "cli/topic_reader.h"
#include "cli/why_store.h"
#include "topics.h"

namespace orderly::cli {
namespace {

// Between the clock that made an id and those that stamp records.
constexpr auto clock_difference = std::chrono::minutes{10};

std::vector<std::string> all_topics() {
  std::vector<std::string> names;
  for (const auto& topic : topics::all(1)) names.push_back(topic.name);
  return names;
}

std::string_view correlation_of(const WhyHeaders& headers) {
  if (!headers.correlation_id.empty()) return headers.correlation_id;
  return headers.id.empty() ? std::string_view{headers.place} : headers.id;
}

// The newest conversations that are about the id.
class Correlations {
 public:
  explicit Correlations(std::size_t most) : most_(most) {}

  void add(std::string_view id, std::int64_t time_ms) {
    auto& newest = found_[std::string{id}];
    newest = std::max(newest, time_ms);
    if (found_.size() > 4 * most_ + 1'000) trim();
  }
  std::set<std::string, std::less<>> newest() {
    trim();
    std::set<std::string, std::less<>> ids;
    for (const auto& [id, time] : found_) ids.insert(id);
    return ids;
  }
  bool some_left_out() const { return some_left_out_; }

 private:
  void trim() {
    if (found_.size() <= most_) return;
    std::vector<std::pair<std::int64_t, std::string>> by_time;
    for (const auto& [id, time] : found_) by_time.emplace_back(time, id);
    std::ranges::sort(by_time);
    for (std::size_t i = 0; i + most_ < by_time.size(); ++i) found_.erase(by_time[i].second);
    some_left_out_ = true;
  }
  const std::size_t most_;
  std::map<std::string, std::int64_t> found_;
  bool some_left_out_ = false;
};

class Scan {
 public:
  Scan(const kafka::Config& config, const log::Logger& log, const WhyQuestion& question,
       const std::function<void(int, std::int64_t, std::int64_t)>& on_progress)
      : config_(config), log_(log), question_(question), on_progress_(on_progress) {}

  WhyAnswer run() {
    auto since = earliest({question_.id});
    auto ids = correlations(since);
    if (ids.empty() && since != question_.since) ids = correlations(since = question_.since);  // its clock was wrong
    // What a conversation of that very id says has been read already.
    if (!ids.empty() && (ids.size() > 1 || *ids.begin() != question_.id)) collect(ids, earliest(ids));
    return std::move(answer_);
  }

 private:
  using Ids = std::set<std::string, std::less<>>;

  // Nothing of a conversation is older than the id that began it.
  std::optional<Time> earliest(const Ids& ids) const {
    std::optional<Time> first;
    for (const auto& id : ids) {
      const auto time = time_of_id(id);
      if (!time) return question_.since;
      first = std::min(first.value_or(*time), *time - clock_difference);
    }
    return question_.since && first ? std::max(*first, *question_.since) : first;
  }

  void read(int pass, std::optional<Time> since,
            const std::function<void(const kafka::Message&, const OutboxPlace*)>& see) {
    // First what waits: a record that is published meanwhile is then seen twice, not never.
    if (!question_.data.empty()) read_outboxes(question_.data, see);
    read_topics(
        config_, log_, {all_topics(), since}, [&](const kafka::Message& message) { see(message, nullptr); },
        [&](std::int64_t done, std::int64_t all) { on_progress_(pass, done, all); });
  }

  Ids correlations(std::optional<Time> since) {
    Correlations found{question_.conversations};
    answer_ = {};
    read(1, since, [&](const kafka::Message& message, const OutboxPlace* waits) {
      const auto headers = why_headers(message);
      if (!is_about(message, headers, question_.id)) return;
      const auto correlation = correlation_of(headers);
      found.add(correlation, message.timestamp_ms);
      if (correlation == question_.id) keep(message, headers, waits);
    });
    auto ids = found.newest();
    answer_.conversations_left_out = found.some_left_out();
    return ids;
  }

  void collect(const Ids& ids, std::optional<Time> since) {
    answer_.records.clear();
    answer_.records_left_out = false;
    read(2, since, [&](const kafka::Message& message, const OutboxPlace* waits) {
      const auto headers = why_headers(message);
      if (ids.contains(correlation_of(headers))) keep(message, headers, waits);
    });
  }

  void keep(const kafka::Message& message, const WhyHeaders& headers, const OutboxPlace* waits) {
    answer_.records_left_out = answer_.records.size() >= question_.records;
    if (answer_.records_left_out) return;
    auto record = to_why_record(message, headers);
    if (waits != nullptr) record.waits = *waits;
    answer_.records.push_back(std::move(record));
  }

  const kafka::Config& config_;
  const log::Logger& log_;
  const WhyQuestion& question_;
  const std::function<void(int, std::int64_t, std::int64_t)>& on_progress_;
  WhyAnswer answer_;
};

}  // namespace

std::optional<Time> time_of_id(std::string_view id) {
  constexpr std::size_t size = 36, version_at = 14, time_digits = 8;
  if (id.size() != size || id[version_at] != '7' || id[time_digits] != '-') return std::nullopt;
  const auto digits = std::string{id.substr(0, 8)}.append(id.substr(9, 4));
  std::int64_t unix_ms = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unix_ms, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return from_unix_ms(unix_ms);
}

WhyAnswer find_conversations(const kafka::Config& config, const log::Logger& log, const WhyQuestion& question,
                             const std::function<void(int, std::int64_t, std::int64_t)>& on_progress) {
  return Scan{config, log, question, on_progress}.run();
}

}  // namespace orderly::cli
