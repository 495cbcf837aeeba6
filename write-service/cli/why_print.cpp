#include "cli/why_print.h"

#include <array>
#include <ostream>

#include "cli/payload.h"
#include "cli/text.h"
#include "common/clock/rfc3339.h"
#include "common/http/json.h"

namespace orderly::cli {
namespace {

constexpr std::array<std::string_view, 4> kind_names{"command", "result", "event", "dead letter"};

std::string_view name_of(WhyRecord::Kind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

std::string where(const WhyRecord& record) {
  if (!record.waits) return record.place();
  return "in the outbox of shard " + std::to_string(record.waits->shard) + " as message " +
         std::to_string(record.waits->sequence) + " of " + record.waits->lane;
}

class TextPrinter {
 public:
  TextPrinter(const Console& console, std::size_t data_width) : console_(console), data_width_(data_width) {}

  void tree(const WhyCommand& command, const std::string& before, const std::string& indent) {
    if (command.sent.empty()) {
      line(before, "command", "", command.id, "", "its record is not in the topics any more", "");
    }
    for (const auto* record : command.sent) {
      record_line(record == command.sent.front() ? before : indent, *record, record == command.sent.front());
    }
    const auto children = command.outcomes.size() + command.caused.size();
    std::size_t done = 0;
    for (const auto* record : command.outcomes) record_line(indent + branch(++done == children), *record, true);
    for (const auto* caused : command.caused) {
      const bool last = ++done == children;
      tree(*caused, indent + branch(last), indent + (last ? "   " : "│  "));
    }
  }

 private:
  static std::string branch(bool last) { return last ? "└─ " : "├─ "; }

  void record_line(const std::string& before, const WhyRecord& record, bool first) {
    auto kind = std::string{name_of(record.kind)};
    if (!first) kind = "   again";
    std::string what = record.kind == WhyRecord::Kind::event
                           ? record.subject + " version " + std::to_string(record.version)
                       : record.kind == WhyRecord::Kind::command ? record.id
                                                                 : "";
    if (record.kind == WhyRecord::Kind::dead_letter) what = record.reason;
    auto place = where(record);
    if (record.kind == WhyRecord::Kind::event) place += "  id " + record.id;
    if (record.position)
      place += "  store " + std::to_string(record.partition) + " position " + std::to_string(*record.position);
    line(before, kind, record.kind == WhyRecord::Kind::result ? "" : record.type, what, to_rfc3339(record.time), place,
         record.data);
  }

  void line(const std::string& before, const std::string& kind, const std::string& type, const std::string& what,
            const std::string& time, const std::string& place, const std::string& data) {
    auto& out = console_.out;
    out << console_.paint(Colour::dim, before) << kind;
    if (!type.empty()) out << ' ' << console_.paint(Colour::bold, one_line(type));
    if (!what.empty()) out << ' ' << one_line(what);
    if (!time.empty()) out << "  " << time;
    out << "  " << console_.paint(Colour::dim, one_line(place));
    if (!data.empty()) out << "  " << shortened(one_line(data), data_width_);
    out << '\n';
  }

  const Console& console_;
  const std::size_t data_width_;
};

void write_record(http::JsonWriter& json, const WhyRecord& record) {
  json.begin_object().member("kind", name_of(record.kind)).member("id", one_line(record.id));
  json.member("type", one_line(record.type)).member("time", to_rfc3339(record.time));
  json.member("correlation_id", one_line(record.correlation_id))
      .member_if_any("causation_id", one_line(record.causation_id));
  json.member_if_any("subject", one_line(record.subject)).member_if_any("reason", one_line(record.reason));
  if (record.version > 0) json.member("version", record.version);
  json.member("topic", record.topic).member("partition", record.partition);
  if (!record.waits) json.member("offset", record.offset);
  if (record.waits) {
    json.key("outbox").begin_object().member("shard", record.waits->shard).member("lane", record.waits->lane);
    json.member("sequence", record.waits->sequence).end_object();
  }
  if (record.position) json.member("store_position", *record.position);
  json.key("data").raw(json_text(record.data)).end_object();
}

void write_command(http::JsonWriter& json, const WhyCommand& command) {
  json.begin_object().member("id", one_line(command.id)).key("sent").begin_array();
  for (const auto* record : command.sent) write_record(json, *record);
  json.end_array().key("outcomes").begin_array();
  for (const auto* record : command.outcomes) write_record(json, *record);
  json.end_array().key("caused").begin_array();
  for (const auto* caused : command.caused) write_command(json, *caused);
  json.end_array().end_object();
}

}  // namespace

void print_text(const WhyShown& shown, const Console& console) {
  TextPrinter printer{console, shown.data_width};
  for (const auto* root : shown.story.roots()) printer.tree(*root, "", "");
  console.out << "\nread service\n";
  if (!shown.rows_trouble.empty()) console.out << "  not asked: " << one_line(shown.rows_trouble) << '\n';
  for (const auto& row : shown.rows) {
    console.out << "  " << console.paint(Colour::bold, row.path) << "  "
                << (row.answer ? shortened(one_line(*row.answer), 2 * shown.data_width) : "none") << '\n';
  }
}

void print_json(const WhyShown& shown, const Console& console) {
  http::JsonWriter json;
  json.begin_object().key("commands").begin_array();
  for (const auto* root : shown.story.roots()) write_command(json, *root);
  json.end_array().key("rows").begin_array();
  for (const auto& row : shown.rows) {
    json.begin_object().member("path", row.path).key("answer");
    row.answer ? json.raw(*row.answer) : json.null();
    json.end_object();
  }
  json.end_array().member_if_any("rows_trouble", shown.rows_trouble).end_object();
  console.out << json.take() << '\n';
}

}  // namespace orderly::cli
