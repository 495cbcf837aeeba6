#include "outbox/outbox_relay.h"

#include <algorithm>

#include "intake/command_codec.h"
#include "intake/command_token.h"
#include "outbox/outbox_entry.h"

namespace orderly::outbox {

using namespace std::chrono_literals;

namespace {
constexpr std::size_t fewest_messages = 100;  // of one transaction, however often it has failed
constexpr auto longest_release = 1s;
constexpr auto longest_silence = 10s;  // of a broker, before it is said: librdkafka does not always tell that all are away
}  // namespace

OutboxRelay::OutboxRelay(const Options& options, MakePublisher make_publisher, Watermarks published, Chunks waiting,
                         std::function<void(const RelayReport&)> report, const log::Logger& log)
    : options_(options),
      make_publisher_(std::move(make_publisher)),
      report_(std::move(report)),
      log_(log),
      most_messages_(options.max_messages) {
  for (Lane lane = 0; lane < published.size(); ++lane) published_[lane] = published[lane];
  push(waiting);
  if (options_.own_thread) thread_ = std::jthread{[this] { run(); }};
}

OutboxRelay::~OutboxRelay() {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
    // A broker that is away must not hold up the program's end: what is left is published after the next start.
    const bool drained = changed_.wait_for(lock, options_.drain_at_stop, [this] { return queue_.empty(); });
    if (drained) changed_.wait_for(lock, longest_release, [this] { return has_ended_; });
    gave_up_ = true;
    if (publisher_) publisher_->interrupt();
  }
  thread_.join();
}

void OutboxRelay::push(const Chunks& chunks) {
  if (chunks.empty()) return;
  const std::lock_guard lock{mutex_};
  for (const auto& chunk : chunks) {
    queued_bytes_ += chunk->messages.size();
    queued_messages_ += static_cast<std::size_t>(chunk->count);
    queue_.push_back(chunk);
  }
  changed_.notify_all();
}

bool OutboxRelay::wait_for_room(std::chrono::milliseconds timeout) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, timeout, [this] { return queued_bytes_ <= options_.max_queued_bytes; });
}

std::optional<std::string> OutboxRelay::trouble() const {
  const std::lock_guard lock{mutex_};
  if (trouble_ || !at_it_since_) return trouble_;
  if (std::chrono::steady_clock::now() - *at_it_since_ < longest_silence) return std::nullopt;
  return "outbox: Kafka has not answered for over 10 s";
}

void OutboxRelay::note_at_it(bool at_it) {
  const std::lock_guard lock{mutex_};
  at_it_since_ = at_it ? std::optional{std::chrono::steady_clock::now()} : std::nullopt;
}

void OutboxRelay::run() {
  while (wait_for_work()) {
    if (const auto pause = step(); pause > 0ms) {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, pause, [this] { return stopping_; });
    }
  }
  release();
  std::shared_ptr<kafka::Publisher> last;
  const std::lock_guard lock{mutex_};
  last.swap(publisher_);
  has_ended_ = true;
  changed_.notify_all();
}

// Whoever takes the shard over need not wait; where this cannot be said, it waits for as long as for a dead one.
void OutboxRelay::release() {
  if (trouble()) return;
  try {
    publisher_->release();
  } catch (const std::exception& error) {
    log_.info("the shard could not be released", {{"reason", error.what()}});
  }
}

std::chrono::milliseconds OutboxRelay::step() {
  note_at_it(true);
  try {
    if (!connected_) connect();
    connected_ = true;
    publish_next(*publisher_);
    back_off_ = 0ms;
  } catch (const std::exception& error) {
    connected_ = false;
    most_messages_ = std::max(most_messages_ / 4, fewest_messages);
    note_error(error);
  }
  note_at_it(false);
  return back_off_;
}

bool OutboxRelay::is_worth_a_transaction() const {
  return queued_messages_ >= options_.max_messages || queued_bytes_ > options_.max_queued_bytes / 2;
}

// True when there is something to do: connect first of all, then whatever is queued, or now and then to say that this
// process lives. False: the end.
bool OutboxRelay::wait_for_work() {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, 500ms, [this] { return stopping_ || trouble_ || !queue_.empty(); });
  changed_.wait_until(lock, next_begin_, [this] { return stopping_ || trouble_ || is_worth_a_transaction(); });
  if (!stopping_) return true;
  return !queue_.empty() && !gave_up_;
}

// Fences what ran before us, and learns from the broker what is out already.
void OutboxRelay::connect() {
  reply_topics_.clear();
  std::shared_ptr<kafka::Publisher> fresh = make_publisher_();
  {
    const std::lock_guard lock{mutex_};
    publisher_ = fresh;
    if (gave_up_) fresh->interrupt();
  }
  std::vector<kafka::Position> lanes;
  for (const auto topic : topics::lanes) lanes.push_back({std::string{topic}, options_.shard, 0});
  const auto watermarks = fresh->start(lanes);
  for (Lane lane = 0; lane < watermarks.size(); ++lane) {
    published_[lane] = std::max(published_[lane].load(), watermarks[lane].offset);
  }
  log_.info("outbox relay is connected");
  const std::lock_guard lock{mutex_};
  trouble_.reset();
}

OutboxRelay::Chunks OutboxRelay::next_chunks() {
  Chunks chunks;
  std::size_t count = 0;
  const std::lock_guard lock{mutex_};
  for (const auto& chunk : queue_) {
    if (count > 0 && count + static_cast<std::size_t>(chunk->count) > most_messages_) break;
    count += static_cast<std::size_t>(chunk->count);
    chunks.push_back(chunk);
  }
  return chunks;
}

void OutboxRelay::publish_next(kafka::Publisher& publisher) {
  const auto started = std::chrono::steady_clock::now();
  const Chunks chunks = next_chunks();
  if (chunks.empty()) {
    publisher.idle();
    return publisher.renew();
  }
  messages_.clear();
  headers_.clear();
  header_ends_.clear();
  shortened_sizes_.clear();
  tokens_.clear();
  Watermarks next;
  for (Lane lane = 0; lane < next.size(); ++lane) next[lane] = published_[lane];
  for (const auto& chunk : chunks) {
    append_messages(publisher, *chunk);
    next[chunk->lane] = std::max(next[chunk->lane], chunk->sequence + chunk->count);
  }
  std::size_t from = 0;
  for (std::size_t i = 0; i < messages_.size(); from = header_ends_[i++]) {
    messages_[i].headers = std::span{headers_}.subspan(from, header_ends_[i] - from);
  }
  std::vector<kafka::Position> watermarks;
  for (Lane lane = 0; lane < next.size(); ++lane) {
    if (next[lane] == published_[lane]) continue;
    watermarks.push_back({std::string{topics::lanes[lane]}, options_.shard, next[lane]});
  }
  if (!watermarks.empty()) publisher.publish(messages_, watermarks);
  const auto ended = std::chrono::steady_clock::now();
  next_begin_ = std::max(started + options_.least_interval, ended + (ended - started));
  for (Lane lane = 0; lane < next.size(); ++lane) published_[lane] = next[lane];
  shorten_ = false;
  most_messages_ = std::min(most_messages_ * 2, options_.max_messages);
  finish(chunks);
  report_({messages_, started - chunks.front()->committed, ended - started});
}

// Those behind the watermark are out already: a chunk may straddle it after a crash.
void OutboxRelay::append_messages(kafka::Publisher& publisher, const Chunk& chunk) {
  EntryReader entries{chunk.messages};
  std::int64_t sequence = chunk.sequence;
  const std::int64_t published = published_[chunk.lane];
  if (chunk.messages.empty() && sequence + chunk.count > published) {
    throw std::runtime_error{"outbox message " + std::to_string(std::max(sequence, published)) +
                             " cannot be read: its key is destroyed, but the broker does not have it"};
  }
  for (; !entries.at_end(); ++sequence) {
    const auto headers_before = headers_.size();
    auto message = entries.next(headers_);
    if (sequence < published || skip_reply(publisher, message)) {
      headers_.resize(headers_before);
      continue;
    }
    if (shorten_ && message.value.size() > intake::max_command_bytes) {
      shortened_sizes_.push_back(std::to_string(message.value.size()));
      headers_.push_back({"dlq-truncated", shortened_sizes_.back()});
      message.value = message.value.substr(0, intake::max_command_bytes);
    }
    if (is_to_vouch(message, headers_before)) vouch(message, headers_before);
    messages_.push_back(message);
    header_ends_.push_back(headers_.size());
  }
}

bool OutboxRelay::is_to_vouch(const kafka::OutgoingMessage& message, std::size_t first_header) const {
  return options_.keys && topics::is_commands(message.topic) &&
         std::none_of(headers_.begin() + static_cast<std::ptrdiff_t>(first_header), headers_.end(),
                      [](const kafka::Header& header) { return header.name == intake::unproved_header; });
}

// In place of the client's token on a forwarded command, whose value may be another by now.
void OutboxRelay::vouch(kafka::OutgoingMessage message, std::size_t first_header) {
  const auto first = headers_.begin() + static_cast<std::ptrdiff_t>(first_header);
  const auto is_token = [](const kafka::Header& header) { return header.name == intake::token_header; };
  headers_.erase(std::remove_if(first, headers_.end(), is_token), headers_.end());
  message.headers = std::span{headers_}.subspan(first_header);
  tokens_.push_back(options_.keys->vouch(message));
  headers_.push_back({intake::token_header, tokens_.back()});
}

// A reply to a topic that is not there is left out: the result stands in command.results all the same.
bool OutboxRelay::skip_reply(kafka::Publisher& publisher, const kafka::OutgoingMessage& message) {
  if (message.partition >= 0) return false;
  const std::string topic{message.topic};
  auto known = reply_topics_.find(topic);
  if (known == reply_topics_.end()) {
    if (reply_topics_.size() > 10'000) reply_topics_.clear();  // senders choose the names: bounded
    known = reply_topics_.emplace(topic, publisher.topic_exists(topic)).first;
    if (!known->second)
      log_.warn("results for this reply-to go to command.results alone: no such topic", {{"topic", topic}});
  }
  return !known->second;
}

void OutboxRelay::finish(const Chunks& done) {
  const std::lock_guard lock{mutex_};
  for (const auto& chunk : done) {
    queued_bytes_ -= chunk->messages.size();
    queued_messages_ -= static_cast<std::size_t>(chunk->count);
    queue_.pop_front();
  }
  changed_.notify_all();
}

void OutboxRelay::note_error(const std::exception& error) {
  const std::string reason = error.what();
  if (const auto* kafka_error = dynamic_cast<const kafka::Error*>(&error)) {
    shorten_ = shorten_ || kafka_error->kind() == kafka::Error::Kind::too_large;
  }
  back_off_ = std::clamp<std::chrono::milliseconds>(back_off_ * 2, 50ms, 2'000ms);
  std::unique_lock lock{mutex_};
  if (!stopping_) log_.warn("cannot publish; trying again", {{"reason", reason}, {"back_off_ms", back_off_.count()}});
  trouble_ = "outbox: " + reason;
  // The client is destroyed without the lock: it may take its time.
  std::shared_ptr<kafka::Publisher> old;
  old.swap(publisher_);
  lock.unlock();
}

}  // namespace orderly::outbox
