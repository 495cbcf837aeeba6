#include "read-service/generations.h"

#include <charconv>
#include <map>

#include "read-service/view_store.h"

namespace orderly::read {
namespace {

// The number in <name>.<generation>.db.
std::optional<int> generation_of(const std::string& file, const std::string& name) {
  if (!file.starts_with(name + '.') || !file.ends_with(".db")) return std::nullopt;
  const std::string_view digits{file.data() + name.size() + 1, file.size() - name.size() - 4};
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

void remove_store(const std::filesystem::path& file) {
  for (const char* suffix : {"-wal", "-shm", ""}) std::filesystem::remove(file.string() + suffix);
}

}  // namespace

std::filesystem::path generation_file(const std::filesystem::path& folder, const std::string& name, int generation) {
  return folder / (name + '.' + std::to_string(generation) + ".db");
}

Generations find_generations(const std::filesystem::path& folder, const ViewDefinition& definition) {
  std::map<int, std::filesystem::path, std::greater<>> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto number = generation_of(entry.path().filename().string(), definition.name);
    if (number) files.emplace(*number, entry.path());
  }
  Generations found;
  if (!files.empty()) found.highest = files.begin()->first;
  int finished = 0;
  for (const auto& [number, file] : files) {
    const auto state = inspect_store(file);
    const bool usable = state && state->schema_version == definition.schema_version;
    if (state && state->complete) {
      if (usable && !found.complete) found.complete = file;
      // The newest finished ones stay, of whatever schema version: an older program may want its own back.
      if (++finished > 2 && file != found.complete) remove_store(file);
    } else if (usable && !found.complete && !found.filling) {
      found.filling = file;
    } else {
      remove_store(file);
    }
  }
  return found;
}

}  // namespace orderly::read
