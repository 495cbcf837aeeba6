// Follows the event topics and keeps every view up to date: one live thread and one consumer for all, each batch
// decoded once and applied view by view, each in a transaction of its own. A view that fails is taken out alone and
// comes back through a CatchUp. Threads: start, stop and status from any. Failures: a broker that is away is waited
// for; status() says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/clock/clock.h"
#include "common/http/health.h"
#include "common/log/log.h"
#include "read-service/catch_up.h"
#include "read-service/event_feed.h"
#include "read-service/feed_metrics.h"
#include "read-service/projection_listener.h"
#include "read-service/served_view.h"
#include "read-service/waiters.h"

namespace orderly::read {

struct ProjectorOptions {
  std::filesystem::path folder;  // DATA/views
  subscription::BackOff back_off = {.first = std::chrono::milliseconds{500}, .longest = std::chrono::seconds{30}};
  // A view this many messages behind the others, or fewer, is waited for by all; one further behind catches up apart.
  std::int64_t most_rewound = 50'000;
  std::vector<ProjectionListener*> listeners = {};  // outlive the projector
  bool own_threads = true;                          // without: whoever started it calls turn() and step_catch_up()
};

class Projector {
 public:
  Projector(std::vector<std::shared_ptr<ServedView>> views, OpenEventSource open, Waiters& waiters, const Clock& clock,
            prometheus::Registry& registry, ProjectorOptions options, const log::Logger& log);
  ~Projector();

  void start();  // complete views are served from the return on, broker or not
  void stop();

  // What its threads do, for who drives a projector without them, on one: a batch for all views that go together, and
  // one for a view that is apart. turn() gives how long to wait before the next, 0 unless events do not flow.
  std::chrono::milliseconds turn();
  std::size_t catch_ups() const { return catch_ups_.size(); }
  void step_catch_up(std::size_t which);

  // Fills the view anew from the first event, in a file beside the one that is served until the new one has caught up.
  // Going back does the same with the file that was served before. Nothing: it begins; otherwise why it cannot.
  std::optional<std::string> rebuild(ServedView& view);
  std::optional<std::string> roll_back(ServedView& view);

  // The events' source and each view, as /readyz wants them.
  std::vector<http::Readiness> status() const;

 private:
  struct Live {
    std::shared_ptr<ServedView> view;
    std::unique_ptr<ViewStore> store;
  };

  void run();
  bool is_stopped() const;
  void connect();
  void step();
  void note_source(const std::string& reason);

  void open_view(const std::shared_ptr<ServedView>& view);
  void send_far_behind_to_catch_up();
  std::unique_ptr<ViewStore> open_current(ServedView& view) const;
  bool promote(Live& live);

  void apply(const EventBatch& batch);
  bool apply_to(Live& live, const EventBatch& batch);
  void fail(Live& live, const std::string& reason);
  void observe(const EventBatch& batch, std::chrono::steady_clock::time_point started);
  void count_unknown(const EventBatch& batch);
  void update_progress();

  void catch_up(CatchUp::Task task);
  void retry(const std::shared_ptr<ServedView>& view, std::filesystem::path file);
  enum class Replacement { rebuilt, previous };
  std::optional<std::string> ask_for(ServedView& view, Replacement which);
  void attend();
  void begin(const ServedView& asked, Replacement which);
  void fill_beside(const std::shared_ptr<ServedView>& view, std::filesystem::path file);
  void adopt(Live arrived, bool beside);
  Positions earliest() const;

  const std::vector<std::shared_ptr<ServedView>> views_;
  const OpenEventSource open_;
  Waiters& waiters_;
  const Clock& clock_;
  prometheus::Family<prometheus::Counter>& unknown_;
  FeedMetrics feed_metrics_;
  const ProjectorOptions options_;
  const log::Logger log_;

  // The projector's thread alone, once started.
  std::vector<Live> live_;
  std::list<std::unique_ptr<CatchUp>> catch_ups_;
  std::unique_ptr<EventFeed> feed_;
  std::set<std::string, std::less<>> unknown_types_;
  std::chrono::steady_clock::time_point next_measure_{};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = true;
  bool attention_ = false;  // a catch-up is done, or a replacement is wanted
  std::vector<std::pair<ServedView*, Replacement>> asked_;
  std::string source_reason_ = "not connected";  // empty: events flow
  std::thread thread_;
};

}  // namespace orderly::read
