// Requests that wait until a view has reached a version. They cost no thread: each is looked at again after a commit
// that touched its key, or when its time is up. Threads: any; continuations run where `run` puts them. Failures: none;
// stop() lets all who wait look once more.
//
//   const auto commits = waiters.commits("batches");
//   if (!found_in_the_view()) waiters.wait({…, .commits = commits, .look_again = …});
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "read-service/view.h"

namespace orderly::read {

class Waiters {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Wish {
    std::string view;
    std::string key;           // as Changes names it
    std::int64_t version = 0;  // a touch with less than this wakes nobody
    Deadline deadline;
    std::uint64_t commits = 0;  // as commits() said before the view was looked at
    std::function<void()> look_again;
  };

  explicit Waiters(std::function<void(std::function<void()>)> run);
  ~Waiters();

  std::uint64_t commits(const std::string& view) const;

  // False: the view has changed since `commits`, or all is being stopped; nothing will be called, look again at once.
  bool wait(Wish wish);

  // After a commit; or, without changes, when a view must be looked at anew, such as another file taking its place.
  void committed(const std::string& view, const Changes& changes);
  void replaced(const std::string& view);

  void stop();
  bool is_stopped() const;
  std::size_t waiting() const;

 private:
  struct Waiting;
  using Place = std::list<Waiting>::iterator;
  struct Waiting {
    Wish wish;
    std::multimap<Deadline, Place>::iterator by_deadline;
    std::unordered_multimap<std::string, Place>::iterator by_key;
  };
  static std::string key_of(const std::string& view, const std::string& key) { return view + '/' + key; }
  void take(Place place, std::list<Waiting>& into);
  void wake(std::list<Waiting>& woken);
  void watch_deadlines();

  const std::function<void(std::function<void()>)> run_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::list<Waiting> waiting_;
  std::multimap<Deadline, Place> by_deadline_;
  std::unordered_multimap<std::string, Place> by_key_;
  std::unordered_map<std::string, std::uint64_t> commits_;
  std::thread thread_;  // last: begins when all else is there
};

}  // namespace orderly::read
