#include "read-service/verification.h"

#include <stdexcept>

#include "common/sqlite/backup.h"
#include "read-service/verification_compare.h"
#include "read-service/verification_replay.h"

namespace orderly::read {
namespace {

using State = VerifiedView::State;

// Copies the file that is served and reads how far it is. The view and its file are let go at once.
void take_copy(const ServedView& view, ReplayedView& of, std::atomic<bool>& stop) try {
  const auto readers = view.readers();
  if (!readers) return of.give_up("it is being filled for the first time");
  sqlite::copy_database(readers->file(), of.copy, [&](std::int64_t, std::int64_t) {
    if (stop) throw std::runtime_error{"the service ends"};
  });
  sqlite::Database db{of.copy, sqlite::OpenMode::read_only};
  db.interrupt_when(stop);
  if (const auto problem = db.query_text("PRAGMA integrity_check(1)"); problem != "ok") {
    return of.give_up("the file is damaged: " + problem);
  }
  sqlite::Statement row{db, "SELECT topic, partition, next_offset FROM checkpoints"};
  while (row.step()) {
    of.until[{std::string{row.text(0)}, static_cast<std::int32_t>(row.integer(1))}] = row.integer(2);
  }
  of.found.state = State::replaying;
} catch (const std::exception& error) {
  of.give_up(error.what());
}

void compare(ReplayedView& view, std::atomic<bool>& stop) try {
  auto& found = view.found;
  compare({view.copy, view.fresh, !view.lost.empty()}, stop, found);
  for (const auto& lost : view.lost) found.reason += (found.reason.empty() ? "" : ", ") + lost;
  found.state = found.differing_rows == 0 ? State::equal : State::different;
} catch (const std::exception& error) {
  view.give_up(error.what());
}

std::vector<VerifiedView> found_of(const std::vector<ReplayedView>& views) {
  std::vector<VerifiedView> found;
  for (const auto& view : views) found.push_back(view.found);
  return found;
}

}  // namespace

Verification::Verification(std::vector<std::shared_ptr<ServedView>> views, OpenEventSource open,
                           std::filesystem::path folder, const Clock& clock, const log::Logger& log)
    : views_(std::move(views)),
      open_(std::move(open)),
      folder_(std::move(folder)),
      clock_(clock),
      log_(log.module("verification")) {}

bool Verification::start() {
  const std::lock_guard lock{mutex_};
  if (stopping_ || report_.state == VerificationReport::State::running) return false;
  if (thread_.joinable()) thread_.join();  // it has ended
  report_ = {.state = VerificationReport::State::running, .started_at = clock_.now()};
  thread_ = std::thread{[this] { run(); }};
  return true;
}

VerificationReport Verification::report() const {
  const std::lock_guard lock{mutex_};
  return report_;
}

void Verification::stop() {
  stopping_ = true;
  std::thread running;
  {
    const std::lock_guard lock{mutex_};
    running.swap(thread_);
  }
  if (running.joinable()) running.join();
}

void Verification::run() {
  try {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    verify();
    finish(VerificationReport::State::done, "");
  } catch (const std::exception& error) {
    finish(VerificationReport::State::failed, error.what());
  }
}

void Verification::verify() {
  std::vector<ReplayedView> views;
  for (const auto& view : views_) {
    const auto& name = view->definition.name;
    views.push_back({&view->definition, folder_ / (name + ".copy.db"), folder_ / (name + ".replayed.db")});
    views.back().found.name = name;
  }
  const auto told = [&] {
    update(found_of(views));
    if (stopping_) throw std::runtime_error{"the service ends"};
  };
  for (std::size_t i = 0; i < views.size(); ++i) {
    take_copy(*views_[i], views[i], stopping_);
    told();
  }
  replay_views(open_, views, clock_, told);
  for (auto& view : views) {
    if (!view.is_open()) continue;
    view.found.state = State::comparing;
    told();
    compare(view, stopping_);
  }
  told();
}

void Verification::update(const std::vector<VerifiedView>& found) {
  const std::lock_guard lock{mutex_};
  report_.views = found;
}

void Verification::finish(VerificationReport::State state, const std::string& reason) {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error)
    log_.warn("a verification's files are left behind", {{"folder", folder_.string()}, {"reason", error.message()}});
  std::int64_t rows = 0, differing = 0;
  const std::lock_guard lock{mutex_};
  for (const auto& view : report_.views) {
    rows += view.rows;
    differing += view.differing_rows;
  }
  report_.finished_at = clock_.now();
  report_.reason = reason;
  report_.state = state;
  if (state == VerificationReport::State::failed) return log_.warn("a verification failed", {{"reason", reason}});
  log_.info("a verification has ended", {{"rows", rows}, {"differing_rows", differing}});
}

}  // namespace orderly::read
