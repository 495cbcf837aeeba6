// A view's file: once and only once, whatever comes again, and a reason where it cannot go on.
#include <catch2/catch.hpp>

#include "read-service/all_views.h"
#include "read-service/generations.h"
#include "tests/views/projected_view.h"

using namespace orderly;
using namespace orderly::test;
using Catch::Contains;

TEST_CASE("a restart goes on from the checkpoint, and what was applied before is passed over") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  const std::vector<std::pair<std::int64_t, Record>> first{{0, lamp.created("b1", 10)},
                                                           {1, lamp.allocated("o1", 3, "b1")}};
  view.apply_at(first);
  view.reopen();
  CHECK(view.store().positions() == read::Positions{{{"allocation.events", 0}, 2}});
  auto again = first;
  again.emplace_back(2, lamp.allocated("o2", 4, "b1"));
  const auto applied = view.apply_at(again);
  CHECK(applied.events_by_type == std::map<std::string, std::size_t, std::less<>>{{"allocation.v1.Allocated", 1}});
  CHECK_THAT(view.json("b1"), Contains(R"("allocated":7)"));
}

TEST_CASE("the same event published twice counts once") {
  ProjectedView view{read::products_view()};
  Stream lamp;
  const auto created = lamp.created("b1", 10), allocated = lamp.allocated("o1", 3, "b1");
  view.given({created, allocated, created, allocated});
  const auto applied = view.given({allocated, created});
  CHECK(applied.repeated == 2);
  CHECK_THAT(view.json("LAMP"), Contains(R"("quantity":10,"allocated":3)"));
}

TEST_CASE("a missing stream version is counted as a gap") {
  ProjectedView view{read::allocations_view()};
  Stream lamp;
  const auto first = lamp.created("b1", 10);
  lamp.allocated("lost", 1, "b1");
  CHECK(view.given({first, lamp.allocated("o1", 1, "b1")}).gaps == 1);
}

TEST_CASE("a batch in which one event fails changes nothing, and the reason names the event") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  const auto good = lamp.created("b1", 10), bad = lamp.allocated("o1", 1, "no-such-batch");
  CHECK_THROWS_WITH(view.given({good, bad}), Contains("allocation.events/0/1") && Contains("allocation.v1.Allocated") &&
                                                 Contains("there is no batch no-such-batch"));
  CHECK(view.json("b1") == "none");
  CHECK(view.store().positions().empty());
}

TEST_CASE("an event that cannot be read fails the views that want its topic, and no other") {
  ProjectedView wants{read::batches_view()}, does_not{read::command_results_view()};
  Stream lamp;
  auto broken = lamp.created("b1", 10);
  SECTION("its value is no Protobuf") { broken.value = "\xFF\xFF\xFF"; }
  SECTION("its type is missing") {
    std::erase_if(broken.headers, [](auto& h) { return h.first == "ce_type"; });
  }
  SECTION("its version is no number") {
    for (auto& [name, value] : broken.headers) {
      if (name == "ce_streamversion") value = "one";
    }
  }
  SECTION("its version is missing") {
    std::erase_if(broken.headers, [](auto& h) { return h.first == "ce_streamversion"; });
  }
  CHECK_THROWS(wants.given({broken}));
  CHECK_NOTHROW(does_not.given({broken}));
}

TEST_CASE("an event of an unknown type is passed over, and the checkpoint moves on") {
  ProjectedView view{read::batches_view()};
  Stream lamp;
  auto odd = lamp.created("b1", 10);
  odd.headers[1].second = "allocation.v1.NotYetInvented";
  CHECK(view.given({odd}).events_by_type.empty());
  CHECK(view.store().positions().at({"allocation.events", 0}) == 1);
}

TEST_CASE("rows are the same whatever the batch sizes") {
  const auto json_of = [](std::size_t batch_size) {
    ProjectedView view{read::products_view()};
    Stream lamp;
    std::vector<Record> records{lamp.created("b1", 1'000)};
    for (int i = 0; i < 99; ++i) records.push_back(lamp.allocated("o" + std::to_string(i), i % 7 + 1, "b1"));
    for (std::size_t from = 0; from < records.size(); from += batch_size) {
      const auto to = std::min(records.size(), from + batch_size);
      view.given(
          {records.begin() + static_cast<std::ptrdiff_t>(from), records.begin() + static_cast<std::ptrdiff_t>(to)});
    }
    return view.json("LAMP");
  };
  CHECK(json_of(1) == json_of(100));
  CHECK(json_of(7) == json_of(100));
}

TEST_CASE("of a view's files the newest complete one is served, and an unfinished newer one is gone on with") {
  const TemporaryFolder folder;
  const auto view = read::batches_view();
  const auto make = [&](int generation, bool complete, int schema_version) {
    auto definition = read::batches_view();
    definition.schema_version = schema_version;
    read::ViewStore store{definition, read::generation_file(folder.path(), "batches", generation)};
    if (complete) store.mark_complete();
  };
  CHECK(read::find_generations(folder.path(), view).highest == 0);
  make(1, true, 1);
  make(2, true, 1);
  make(3, false, 1);
  auto found = read::find_generations(folder.path(), view);
  CHECK(found.complete == folder.path() / "batches.2.db");
  CHECK(found.filling == folder.path() / "batches.3.db");
  CHECK(std::filesystem::exists(folder.path() / "batches.1.db"));  // to go back to
  make(4, true, 2);
  make(5, false, 2);
  found = read::find_generations(folder.path(), view);
  CHECK(found.complete == folder.path() / "batches.2.db");  // of a newer program, not ours to serve
  CHECK_FALSE(std::filesystem::exists(folder.path() / "batches.5.db"));
}
