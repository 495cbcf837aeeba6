// Views of which one fails when told to.
// Threads: any. Failures: as told.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "read-service/all_views.h"

namespace orderly::test {

// The products view, failing at every event while told to.
struct Breakable {
  std::shared_ptr<std::atomic<bool>> broken = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> schema_version = std::make_shared<std::atomic<int>>(1);

  class Projection final : public read::Projection {
   public:
    Projection(std::unique_ptr<read::Projection> inner, std::shared_ptr<std::atomic<bool>> broken)
        : inner_(std::move(inner)), broken_(std::move(broken)) {}
    void apply(const read::PublishedEvent& event, read::Changes& changes) override {
      if (*broken_) throw std::runtime_error{"a bug in the projection"};
      inner_->apply(event, changes);
    }

   private:
    std::unique_ptr<read::Projection> inner_;
    std::shared_ptr<std::atomic<bool>> broken_;
  };

  std::function<std::vector<read::ViewDefinition>()> views() const {
    return [*this] {
      auto views = read::all_views();
      auto& products = *std::ranges::find(views, "products", &read::ViewDefinition::name);
      products.schema_version = *schema_version;
      products.projection = [inner = products.projection, flag = broken](sqlite::Database& db) {
        return std::make_unique<Projection>(inner(db), flag);
      };
      return views;
    };
  }
};

}  // namespace orderly::test
