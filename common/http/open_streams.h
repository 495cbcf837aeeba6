// The bodies that a server is still sending, so that its end is theirs.
// Threads: any. Failures: none.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "common/http/body_stream.h"

namespace orderly::http {

class OpenStreams {
 public:
  // After end() it is ended at once.
  void add(const std::shared_ptr<BodyStream>& stream) {
    const std::lock_guard lock{mutex_};
    if (ended_) return stream->end({});
    std::erase_if(streams_, [](const auto& one) { return one.expired(); });
    streams_.insert(stream);
  }
  void end() {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    for (const auto& one : std::exchange(streams_, {})) {
      if (const auto stream = one.lock()) stream->end({});
    }
  }

 private:
  std::mutex mutex_;
  bool ended_ = false;
  std::set<std::weak_ptr<BodyStream>, std::owner_less<>> streams_;
};

}  // namespace orderly::http
