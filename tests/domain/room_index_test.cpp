// The index of rooms against a plain search, with many batches.
#include "domain/room_index.h"

#include <random>

#include "given.h"

namespace {

using namespace orderly::domain;

struct Plain {
  int day;
  std::int64_t room;
};

std::optional<Date> eta_of(int day) {
  if (day == 0) return std::nullopt;
  return Date{std::chrono::sys_days{std::chrono::days{day}}};
}

std::optional<BatchNumber> first_with_room(const std::vector<Plain>& batches, std::int64_t quantity) {
  std::optional<BatchNumber> best;
  for (BatchNumber i = 0; i < batches.size(); ++i) {
    if (batches[i].room >= quantity && (!best || batches[i].day < batches[*best].day)) best = i;
  }
  return best;
}

}  // namespace

TEST_CASE("An index without batches finds no room", "[product]") {
  CHECK(RoomIndex{}.first_with_room(1) == std::nullopt);
}

TEST_CASE("The index of rooms finds what a plain search finds", "[product][property]") {
  std::mt19937_64 random{7};
  const auto number = [&](int least, int most) { return std::uniform_int_distribution{least, most}(random); };
  RoomIndex index;
  std::vector<Plain> plain;
  bool same = true;
  for (int step = 0; step < 20'000; ++step) {
    if (plain.size() < 500 && number(0, 9) == 0) {
      plain.push_back({number(0, 40), number(0, 100)});
      index.add(eta_of(plain.back().day), plain.back().room);
    } else if (!plain.empty()) {
      const auto at = static_cast<BatchNumber>(number(0, static_cast<int>(plain.size()) - 1));
      const int difference = number(-30, 25);
      plain[at].room += difference;
      index.change(at, difference);
    }
    const int wanted = number(1, 120);
    same = same && index.first_with_room(wanted) == first_with_room(plain, wanted);
  }
  CHECK(same);
}
