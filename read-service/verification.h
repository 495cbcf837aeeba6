// Proves the views: takes a copy of each while it is served, replays the topics into a fresh one up to the copy's
// offsets, and compares the two row by row. One at a time, on a thread and a consumer of its own; neither projector nor
// readers wait for it. Threads: start, report and stop from any. Failures: in the report, never thrown.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/clock/clock.h"
#include "common/log/log.h"
#include "read-service/event_source.h"
#include "read-service/served_view.h"
#include "read-service/verification_report.h"

namespace orderly::read {

class Verification {
 public:
  // `folder` is its own: what an earlier run left there is removed.
  Verification(std::vector<std::shared_ptr<ServedView>> views, OpenEventSource open, std::filesystem::path folder,
               const Clock& clock, const log::Logger& log);
  ~Verification() { stop(); }

  bool start();  // false: one is running
  VerificationReport report() const;
  void stop();  // wherever it is; it counts as failed

 private:
  class Replay;
  void run();
  void verify();
  void finish(VerificationReport::State state, const std::string& reason);
  void update(const std::vector<VerifiedView>& found);

  const std::vector<std::shared_ptr<ServedView>> views_;
  const OpenEventSource open_;
  const std::filesystem::path folder_;
  const Clock& clock_;
  const log::Logger log_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  VerificationReport report_;
  std::thread thread_;
};

}  // namespace orderly::read
