#include "cli/send_summary.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <ostream>

#include "cli/table.h"
#include "cli/text.h"

namespace orderly::cli {
namespace {

using CodeCounts = std::map<std::string, std::int64_t>;
using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

std::int64_t total(const CodeCounts& counts) {
  std::int64_t sum = 0;
  for (const auto& [code, count] : counts) sum += count;
  return sum;
}

void add(Table& table, const std::string& name, std::int64_t count, Colour colour = Colour::plain) {
  table.add({name, {grouped(count), count > 0 ? colour : Colour::plain}});
}

void add(Table& table, const std::string& name, const CodeCounts& counts, Colour colour) {
  add(table, name, total(counts), colour);
  for (const auto& [code, count] : counts) add(table, "  " + code, count);
}

void print_text(const SendSummary& summary, bool with_results, const Console& console) {
  Table table{{{.name = ""}, {.name = "", .align = Align::right}}};
  add(table, "sent", summary.sent);
  if (with_results) {
    add(table, "accepted", summary.results.accepted, Colour::green);
    add(table, "  of these out of stock", summary.results.out_of_stock);
    add(table, "rejected", summary.results.rejected, Colour::yellow);
    add(table, "dead-lettered", summary.results.dead_lettered, Colour::red);
    add(table, "missing", summary.missing, Colour::red);
  }
  if (summary.broken_lines > 0) add(table, "broken lines", summary.broken_lines, Colour::red);
  if (summary.not_delivered > 0) add(table, "not delivered", summary.not_delivered, Colour::red);
  table.add({"seconds", with_decimals(summary.seconds, 2)});
  table.add({"commands/s", grouped(static_cast<std::int64_t>(summary.commands_per_second()))});
  table.print(console);
}

void write(JsonWriter& json, const char* name, std::int64_t value) {
  json.Key(name);
  json.Int64(value);
}

void write(JsonWriter& json, const char* name, const CodeCounts& counts) {
  json.Key(name);
  json.StartObject();
  for (const auto& [code, count] : counts) write(json, code.c_str(), count);
  json.EndObject();
}

void print_json(const SendSummary& summary, bool with_results, const Console& console) {
  rapidjson::StringBuffer buffer;
  JsonWriter json{buffer};
  json.StartObject();
  write(json, "sent", summary.sent);
  if (with_results) {
    write(json, "accepted", summary.results.accepted);
    write(json, "out_of_stock", summary.results.out_of_stock);
    write(json, "rejected", summary.results.rejected);
    write(json, "dead_lettered", summary.results.dead_lettered);
    write(json, "missing", summary.missing);
  }
  write(json, "broken_lines", summary.broken_lines);
  write(json, "not_delivered", summary.not_delivered);
  json.Key("seconds");
  json.Double(summary.seconds);
  json.EndObject();
  console.out << buffer.GetString() << '\n';
}

}  // namespace

void print(const SendSummary& summary, bool json, bool with_results, const Console& console) {
  if (json) return print_json(summary, with_results, console);
  print_text(summary, with_results, console);
}

}  // namespace orderly::cli
