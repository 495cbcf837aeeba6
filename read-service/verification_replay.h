// The topics once more, for several views in one pass: each view's events go into its fresh file up to where its copy
// was. Threads: one. Failures: a view that cannot be replayed says so in its reason and the others go on; kafka::Error
// when the broker's answers end the whole.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "read-service/event_feed.h"
#include "read-service/verification_report.h"
#include "read-service/view_store.h"

namespace orderly::read {

struct ReplayedView {
  const ViewDefinition* definition = nullptr;
  std::filesystem::path copy, fresh;
  Positions until = {};                // the copy's checkpoint
  std::vector<std::string> lost = {};  // where topics no longer hold their first records
  VerifiedView found = {};

  bool is_open() const { return found.state == VerifiedView::State::replaying; }
  void give_up(const std::string& reason) {
    found.state = VerifiedView::State::not_verified;
    found.reason = reason;
  }
};

// Every view that is open when this returns has been replayed to its end. `step` is called after every batch; what it
// throws ends the replay.
void replay_views(const OpenEventSource& open, std::vector<ReplayedView>& views, const Clock& clock,
                  const std::function<void()>& step);

}  // namespace orderly::read
