#include "read-service/views/command_results_view.h"

#include <stdexcept>

#include "common/http/json.h"
#include "messaging/v1/messaging.pb.h"

namespace orderly::read {
namespace {

namespace v1 = messaging::v1;

constexpr const char* schema = R"sql(
  CREATE TABLE command_results(command_id TEXT PRIMARY KEY, type TEXT NOT NULL, status INTEGER NOT NULL,
                               code TEXT NOT NULL, message TEXT NOT NULL, aggregate_id TEXT NOT NULL, version INTEGER NOT NULL,
                               field TEXT NOT NULL, batch_ref TEXT NOT NULL, out_of_stock INTEGER NOT NULL,
                               correlation_id TEXT NOT NULL, traceparent TEXT) WITHOUT ROWID;
)sql";

class CommandResultsProjection final : public Projection {
 public:
  explicit CommandResultsProjection(sqlite::Database& db)
      : put_(db, "INSERT OR REPLACE INTO command_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    const auto* result = event.as<v1::CommandResult>();
    if (result == nullptr) return;
    if (result->command_id().empty()) throw std::runtime_error{"command_id is missing"};
    put_.run(result->command_id(), result->type(), result->status(), result->code(), result->message(),
             result->aggregate_id(), result->version(), result->field(), result->batch_ref(), result->out_of_stock(),
             result->correlation_id(), traceparent_of(event));
    changes.touch("command", result->command_id(), 1);
  }

 private:
  sqlite::Statement put_;
};

// A command's version is 1 once its result is known.
Answer result_of_command(Reader& reader, const std::string& command_id) {
  const std::string wake_key = "command/" + command_id;
  auto& row = reader.query("SELECT * FROM command_results WHERE command_id = ?1").bind(command_id);
  if (!row.step()) return {.wake_key = wake_key};
  const auto status = static_cast<v1::CommandStatus>(row.integer(2));
  http::JsonWriter json;
  json.begin_object().member("command_id", row.text(0)).member("type", row.text(1));
  json.member("status", v1::CommandStatus_Name(status)).member("code", row.text(3)).member("message", row.text(4));
  json.member("aggregate_id", row.text(5)).member("version", row.integer(6)).member_if_any("field", row.text(7));
  json.member_if_any("batch_ref", row.text(8)).member("out_of_stock", row.integer(9) != 0);
  json.member_if_any("correlation_id", row.text(10)).member_if_any("traceparent", row.text(11)).end_object();
  return {.json = json.take(),
          .etag = std::to_string(row.integer(2)) + '.' + std::to_string(row.integer(6)),
          .version = 1,
          .wake_key = wake_key};
}

}  // namespace

ViewDefinition command_results_view() {
  return {.name = "command_results",
          .schema_version = 2,
          .topics = {"command.results"},
          .versioned = false,
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<CommandResultsProjection>(db); },
          .resources = {{"/commands/:command_id", "result of command", result_of_command, true}},
          .lists = {}};
}

}  // namespace orderly::read
