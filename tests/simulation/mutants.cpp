#include "simulation/mutants.h"

#include <algorithm>
#include <array>

#include "storage/deduplication.h"

namespace orderly::simulation {
namespace {

constexpr std::array names{
    std::pair{std::string_view{"consumed-offsets-outside"}, Mutant::consumed_offsets_outside},
    std::pair{std::string_view{"watermark-outside"}, Mutant::watermark_outside},
    std::pair{std::string_view{"watermark-dropped"}, Mutant::watermark_dropped},
    std::pair{std::string_view{"deduplication-forgets"}, Mutant::deduplication_forgets},
    std::pair{std::string_view{"result-before-commit"}, Mutant::result_before_commit},
};

bool opening = false;  // a store; the seam is a plain function, which has nowhere else to know it from

// A consumer that commits what it is given, as it is given it.
class OffsetsOutside final : public kafka::MessageSource {
 public:
  OffsetsOutside(KeptPositions& kept, std::unique_ptr<kafka::MessageSource> inner)
      : kept_(kept), inner_(std::move(inner)) {}
  void assign(std::span<const kafka::Position> positions) override {
    std::vector<kafka::Position> own{positions.begin(), positions.end()};
    for (auto& p : own) p.offset = kept_[{p.topic, p.partition}];
    inner_->assign(own);
  }
  kafka::MessageBatch poll(std::size_t most, std::chrono::milliseconds timeout) override {
    auto batch = inner_->poll(most, timeout);
    for (const auto& message : batch.messages) {
      kept_[{std::string{message.topic}, message.partition}] = message.offset + 1;
    }
    return batch;
  }
  std::int64_t lag() const override { return inner_->lag(); }
  bool has_met_ends() const override { return inner_->has_met_ends(); }
  void report_progress(std::span<const kafka::Position> positions) override { inner_->report_progress(positions); }

 private:
  KeptPositions& kept_;
  const std::unique_ptr<kafka::MessageSource> inner_;
};

class WatermarkOutside final : public kafka::Publisher {
 public:
  WatermarkOutside(bool dropped, std::unique_ptr<kafka::Publisher> inner)
      : dropped_(dropped), inner_(std::move(inner)) {}
  std::vector<kafka::Position> start(std::span<const kafka::Position> of) override { return inner_->start(of); }
  void publish(std::span<const kafka::OutgoingMessage> messages, std::span<const kafka::Position> watermarks) override {
    inner_->publish(messages, {});
    if (!dropped_) inner_->publish({}, watermarks);
  }
  bool topic_exists(std::string_view topic) override { return inner_->topic_exists(topic); }
  void interrupt() override { inner_->interrupt(); }
  void renew() override { inner_->renew(); }
  void release() override { inner_->release(); }

 private:
  const bool dropped_;
  const std::unique_ptr<kafka::Publisher> inner_;
};

}  // namespace

std::optional<Mutant> mutant_of(std::string_view name) {
  const auto found = std::ranges::find(names, name, [](const auto& one) { return one.first; });
  return found == names.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string_view> mutant_names() {
  std::vector<std::string_view> all;
  for (const auto& [name, mutant] : names) all.push_back(name);
  return all;
}

std::unique_ptr<kafka::MessageSource> mutate(Mutant mutant, KeptPositions& kept,
                                             std::unique_ptr<kafka::MessageSource> source) {
  if (mutant != Mutant::consumed_offsets_outside) return source;
  return std::make_unique<OffsetsOutside>(kept, std::move(source));
}

std::unique_ptr<kafka::Publisher> mutate(Mutant mutant, std::unique_ptr<kafka::Publisher> publisher) {
  if (mutant != Mutant::watermark_outside && mutant != Mutant::watermark_dropped) return publisher;
  return std::make_unique<WatermarkOutside>(mutant == Mutant::watermark_dropped, std::move(publisher));
}

std::uint64_t forgetful_hash(std::string_view id) {
  return storage::hash_of_id(id) ^ (opening ? 0x9E3779B97F4A7C15U : 0);
}

Forgetting::Forgetting() { opening = true; }
Forgetting::~Forgetting() { opening = false; }

}  // namespace orderly::simulation
