// Brings one view's file up to the live projector's position, on a thread and a consumer of its own, and hands it over.
// The one mechanism behind a failed view's retries, a new view, a changed schema and a rebuild. Threads: made and
// destroyed by the projector; step() and, as its last act, `done` on its own, or without one where step() is called.
// Failures: noted in the view's state, tried again with a growing pause, for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>

#include "common/log/log.h"
#include "common/subscription/back_off.h"
#include "read-service/event_feed.h"
#include "read-service/served_view.h"
#include "read-service/view_store.h"
#include "read-service/waiters.h"

namespace orderly::read {

class CatchUp {
 public:
  struct Task {
    std::shared_ptr<ServedView> view;
    std::function<std::unique_ptr<ViewStore>()> open_store;
    bool beside = false;       // another file is being served meanwhile
    bool pause_first = false;  // it has just failed
  };
  struct Surroundings {
    OpenEventSource open;
    Waiters& waiters;
    log::Logger log;
    subscription::BackOff back_off;
    std::function<void()> done;
    const Clock& clock;
    bool own_thread = true;
    std::function<bool()> ending;  // the projector ends: nothing is tried once more
  };

  CatchUp(Task task, Surroundings surroundings);
  ~CatchUp();  // stops it, wherever it is

  const std::shared_ptr<ServedView>& view() const { return task_.view; }
  bool is_beside() const { return task_.beside; }
  bool is_done() const;
  std::unique_ptr<ViewStore> take_store();  // once it is done

  void ask_to_stop();

  // Applies what is ready, once it has begun. Gives how long to wait before the next step, 0 unless it failed.
  std::chrono::milliseconds step();

 private:
  void run();
  void begin();
  void advance();
  void apply(const EventBatch& batch, ViewStore& store);
  void apply(std::span<const PublishedEvent> events, ViewStore& store);
  void note(FillProgress progress, const std::filesystem::path& file);
  void pause(std::chrono::milliseconds time);
  void report(ServedView::Phase phase, const std::string& reason);
  bool is_stopping() const;

  const Task task_;
  const Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::mt19937_64 random_{std::random_device{}()};
  std::unique_ptr<ViewStore> store_;
  // Of step() alone.
  ServedView::Phase phase_;  // as last reported
  int failures_ = 0;
  bool finished_ = false;
  std::unique_ptr<ViewStore> filling_;
  std::unique_ptr<EventFeed> feed_;
  std::thread thread_;
};

}  // namespace orderly::read
