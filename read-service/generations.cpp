#include "read-service/generations.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "read-service/view_store.h"

namespace orderly::read {
namespace {

constexpr std::size_t finished_files_kept = 2;

struct File {
  int rank, number;
  bool usable;
  std::filesystem::path path;
};

void remove_store(const std::filesystem::path& file) {
  for (const char* suffix : {"-wal", "-shm", ""}) std::filesystem::remove(file.string() + suffix);
}

}  // namespace

std::filesystem::path generation_file(const std::filesystem::path& folder, const std::string& name, int generation) {
  return folder / (name + '.' + std::to_string(generation) + ".db");
}

std::optional<int> generation_of(const std::filesystem::path& path, const std::string& name) {
  const auto file = path.filename().string();
  if (!file.starts_with(name + '.') || !file.ends_with(".db") || file.size() < name.size() + 5) return std::nullopt;
  const std::string_view digits{file.data() + name.size() + 1, file.size() - name.size() - 4};
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

Generations find_generations(const std::filesystem::path& folder, const ViewDefinition& definition) {
  std::vector<File> finished, unfinished;
  Generations found;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto number = generation_of(entry.path(), definition.name);
    if (!number) continue;
    found.highest = std::max(found.highest, *number);
    const auto state = inspect_store(entry.path());
    const bool usable = state && state->schema_version == definition.schema_version;
    (state && state->rank > 0 ? finished : unfinished).push_back({state ? state->rank : 0, *number, usable, entry});
  }
  const auto last_in_service_first = [](const File& file) { return std::pair{-file.rank, -file.number}; };
  std::ranges::sort(finished, {}, last_in_service_first);
  std::ranges::sort(unfinished, {}, last_in_service_first);
  if (!finished.empty()) found.rank = finished.front().rank;
  int newest_usable = 0;
  // The last finished ones stay, of whatever schema version: an older program may want its own back.
  for (std::size_t i = 0; i < finished.size(); ++i) {
    const auto& file = finished[i];
    if (file.usable && !found.complete) {
      found.complete = file.path;
    } else if (file.usable && !found.previous) {
      found.previous = file.path;
    } else if (i >= finished_files_kept) {
      remove_store(file.path);
    }
    if (file.usable) newest_usable = std::max(newest_usable, file.number);
  }
  for (const auto& file : unfinished) {
    if (file.usable && !found.filling && file.number > newest_usable) {
      found.filling = file.path;
    } else {
      remove_store(file.path);
    }
  }
  return found;
}

}  // namespace orderly::read
