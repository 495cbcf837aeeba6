// The whole read service on in-memory topics, a folder of its own and a free port. It can be stopped and started again.
// Threads: one. Failures: throws when something does not happen in 20 s.
#pragma once

#include <functional>
#include <thread>

#include "read-service/all_views.h"
#include "read-service/service.h"
#include "tests/views/http_client.h"
#include "tests/views/in_memory_topics.h"
#include "tests/views/temporary_folder.h"

namespace orderly::test {

class RunningService {
 public:
  using Views = std::function<std::vector<read::ViewDefinition>()>;
  explicit RunningService(Views views = read::all_views, read::LiveStreamOptions stream_options = {})
      : topics(own_topics_), stream(stream_options), views_(std::move(views)) {
    start();
  }
  // Beside another one: on its topics, from nothing or from a copy of its files.
  RunningService(Views views, InMemoryTopics& shared, const std::filesystem::path& copied_from = {})
      : topics(shared), views_(std::move(views)) {
    constexpr auto all = std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing;
    if (!copied_from.empty()) std::filesystem::copy(copied_from, folder_.path(), all);
    start();
  }
  void start() {
    read::ServiceOptions options{.data = folder_.path(),
                                 .back_off = {std::chrono::milliseconds{10}, std::chrono::milliseconds{50}}};
    options.http.listen = "127.0.0.1:0";
    options.http.cors_origin = cors_origin;
    options.http.gate = gate;
    options.stream = stream;
    service_ = std::make_unique<read::ReadService>(options, views_(), topics.open(), clock_, log::Logger::silent());
    service_->start();
  }
  void stop() { service_.reset(); }
  void restart() {
    stop();
    start();
  }
  read::ReadService& service() { return *service_; }
  std::uint16_t port() const { return service_->port(); }
  Reply get(const std::string& target, const std::string& headers = "") const {
    return test::get(port(), target, headers);
  }
  Reply post(const std::string& target) const {
    return Connection{port()}.request("POST", target, "Content-Length: 0\r\n");
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

  // Asks until it is so; there is nothing to wait on from outside but the answers themselves.
  template <class Condition>
  static void until(const Condition& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"did not happen in 20 s"};
      std::this_thread::yield();
    }
  }
  // Ready, and every view holds all that has been published.
  void until_ready() const {
    until([&] { return get("/readyz").status == 200; });
    const auto ends = topics.ends();
    for (const auto& view : service_->views()) {
      const auto wants = [&](const std::string& topic) { return view->definition.wants(topic); };
      until([&] { return read::gap(view->positions(), ends, wants) == 0; });
    }
  }

  InMemoryTopics& topics;
  std::string cors_origin;
  http::Gate gate;  // from the next restart() on, as cors_origin
  read::LiveStreamOptions stream;

 private:
  InMemoryTopics own_topics_;
  const std::function<std::vector<read::ViewDefinition>()> views_;
  const SystemClock clock_;
  const TemporaryFolder folder_;
  std::unique_ptr<read::ReadService> service_;
};

}  // namespace orderly::test
