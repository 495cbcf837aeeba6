#include "read-service/waiters.h"

namespace orderly::read {

Waiters::Waiters(std::function<void(std::function<void()>)> run)
    : run_(std::move(run)), thread_([this] { watch_deadlines(); }) {}

Waiters::~Waiters() {
  stop();
  thread_.join();
}

std::uint64_t Waiters::commits(const std::string& view) const {
  const std::lock_guard lock{mutex_};
  const auto found = commits_.find(view);
  return found == commits_.end() ? 0 : found->second;
}

bool Waiters::wait(Wish wish) {
  const std::lock_guard lock{mutex_};
  if (stopped_ || commits_[wish.view] != wish.commits) return false;
  const auto place = waiting_.emplace(waiting_.end());
  place->by_deadline = by_deadline_.emplace(wish.deadline, place);
  place->by_key = by_key_.emplace(key_of(wish.view, wish.key), place);
  place->wish = std::move(wish);
  if (place->by_deadline == by_deadline_.begin()) changed_.notify_one();
  return true;
}

void Waiters::committed(const std::string& view, const Changes& changes) {
  std::list<Waiting> woken;
  {
    const std::lock_guard lock{mutex_};
    ++commits_[view];
    if (waiting_.empty()) return;
    for (const auto& [key, version] : changes.versions()) {
      const auto [first, last] = by_key_.equal_range(key_of(view, key));
      for (auto at = first; at != last;) {
        const auto place = (at++)->second;
        if (version >= place->wish.version) take(place, woken);
      }
    }
  }
  wake(woken);
}

void Waiters::replaced(const std::string& view) {
  std::list<Waiting> woken;
  {
    const std::lock_guard lock{mutex_};
    ++commits_[view];
    for (auto place = waiting_.begin(); place != waiting_.end();) {
      const auto at = place++;
      if (at->wish.view == view) take(at, woken);
    }
  }
  wake(woken);
}

void Waiters::stop() {
  std::list<Waiting> woken;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    while (!waiting_.empty()) take(waiting_.begin(), woken);
    changed_.notify_one();
  }
  wake(woken);
}

bool Waiters::is_stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

std::size_t Waiters::waiting() const {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

void Waiters::take(Place place, std::list<Waiting>& into) {
  by_deadline_.erase(place->by_deadline);
  by_key_.erase(place->by_key);
  into.splice(into.end(), waiting_, place);
}

void Waiters::wake(std::list<Waiting>& woken) {
  for (auto& one : woken) run_(std::move(one.wish.look_again));
}

void Waiters::watch_deadlines() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    if (by_deadline_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, Deadline{by_deadline_.begin()->first});
    }
    std::list<Waiting> late;
    const auto now = std::chrono::steady_clock::now();
    while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) take(by_deadline_.begin()->second, late);
    lock.unlock();
    wake(late);
    lock.lock();
  }
}

}  // namespace orderly::read
