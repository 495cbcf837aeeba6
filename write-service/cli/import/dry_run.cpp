#include "cli/import/dry_run.h"

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <system_error>

#include "cli/command_types.h"
#include "cli/payload.h"

namespace orderly::cli::importing {

TemporaryDirectory::TemporaryDirectory() {
  auto name = (std::filesystem::temp_directory_path() / "orderly-import-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), "cannot make " + name};
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // it lies among other temporary files then
  std::filesystem::remove_all(path_, ignored);
}

void print_commands(State& state, std::ostream& out) {
  sqlite::Statement all{state.database(), "SELECT kind, id, payload FROM commands ORDER BY number"};
  while (all.step()) {
    const auto& type = command_type(type_name(static_cast<Kind>(all.integer(0))));
    const std::unique_ptr<google::protobuf::Message> message{type.prototype->New()};
    const auto payload = all.blob(2);
    if (!message->ParseFromArray(payload.data(), static_cast<int>(payload.size())))
      throw std::logic_error{"a planned command that cannot be read"};
    out << "{\"type\":" << json_text(type.name()) << ",\"id\":" << json_text(all.text(1))
        << ",\"data\":" << to_json(*message, JsonLayout::one_line) << "}\n";
  }
}

}  // namespace orderly::cli::importing
