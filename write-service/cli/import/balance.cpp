#include "cli/import/balance.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <numeric>
#include <ostream>
#include <system_error>

#include "cli/table.h"
#include "cli/text.h"

namespace orderly::cli::importing {
namespace {

using Counts = std::map<std::string, std::int64_t>;
using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

std::int64_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& entry) { return sum + entry.second; });
}

void count(Fates& fates, Outcome outcome, const std::string& code, std::int64_t number) {
  switch (outcome) {
    case Outcome::none:
      fates.unanswered += number;
      break;
    case Outcome::accepted:
      fates.accepted += number;
      break;
    case Outcome::rejected:
      fates.rejected[code] += number;
      break;
    case Outcome::dead_lettered:
      fates.dead_lettered[code] += number;
      break;
    case Outcome::not_sent:
      fates.not_sent += number;
      break;
  }
}

std::string with_codes(const Counts& counts) {
  std::string text = grouped(total(counts));
  for (const auto& [code, number] : counts) text += (&code == &counts.begin()->first ? "  " : ", ") + code;
  return text;
}

void add(Table& table, const std::string& name, std::int64_t number, Colour colour = Colour::plain) {
  table.add({name, {grouped(number), number > 0 ? colour : Colour::plain}});
}

void add(Table& table, const std::string& name, const Counts& counts, Colour colour) {
  add(table, name, total(counts), colour);
  for (const auto& [code, number] : counts) add(table, "    " + code, number);
}

void print_lines(const Balance& balance, const Console& console) {
  Table table{{{.name = ""}, {.name = "", .align = Align::right}}};
  add(table, "lines read", balance.lines_read);
  add(table, "  accepted", balance.lines.accepted, Colour::green);
  add(table, "  rejected", balance.lines.rejected, Colour::yellow);
  if (!balance.lines.dead_lettered.empty()) add(table, "  dead-lettered", balance.lines.dead_lettered, Colour::red);
  if (balance.lines.not_sent > 0) add(table, "  not sent, their order was refused", balance.lines.not_sent);
  if (balance.lines.unanswered > 0) add(table, "  not answered", balance.lines.unanswered, Colour::red);
  add(table, "  reported, in no command", balance.reported, Colour::yellow);
  table.print(console);
}

void print_commands(const Balance& balance, const Console& console) {
  Table table{{{.name = "commands"},
               {.name = "planned", .align = Align::right},
               {.name = "accepted", .align = Align::right},
               {.name = "not sent", .align = Align::right},
               {.name = "not answered", .align = Align::right},
               {.name = "dead-lettered", .align = Align::right},
               {.name = "rejected"}}};
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const auto& fates = balance.commands.at(kind);
    const std::string type{type_name(static_cast<Kind>(kind))};
    table.add({type.substr(type.rfind('.') + 1), grouped(fates.all()), grouped(fates.accepted), grouped(fates.not_sent),
               grouped(fates.unanswered), grouped(total(fates.dead_lettered)), with_codes(fates.rejected)});
  }
  table.print(console);
}

void write(JsonWriter& json, const char* name, std::int64_t value) {
  json.Key(name);
  json.Int64(value);
}

void write(JsonWriter& json, const char* name, const Counts& counts) {
  json.Key(name);
  json.StartObject();
  for (const auto& [code, number] : counts) write(json, code.c_str(), number);
  json.EndObject();
}

void write(JsonWriter& json, const Fates& fates) {
  write(json, "accepted", fates.accepted);
  write(json, "rejected", fates.rejected);
  write(json, "dead_lettered", fates.dead_lettered);
  write(json, "not_sent", fates.not_sent);
  write(json, "unanswered", fates.unanswered);
}

void print_json(const Balance& balance, const Console& console) {
  rapidjson::StringBuffer buffer;
  JsonWriter json{buffer};
  json.StartObject();
  json.Key("lines");
  json.StartObject();
  write(json, "read", balance.lines_read);
  write(json, balance.lines);
  write(json, "reported", balance.reported);
  json.EndObject();
  json.Key("commands");
  json.StartObject();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    json.Key(std::string{type_name(static_cast<Kind>(kind))}.c_str());
    json.StartObject();
    write(json, "planned", balance.commands.at(kind).all());
    write(json, balance.commands.at(kind));
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  console.out << buffer.GetString() << '\n';
}

}  // namespace

std::int64_t Fates::all() const { return accepted + not_sent + unanswered + total(rejected) + total(dead_lettered); }

bool Balance::is_complete() const {
  return std::ranges::all_of(commands, [](const Fates& fates) { return fates.unanswered == 0; });
}

Balance balance_of(State& state) {
  Balance balance;
  auto& db = state.database();
  balance.lines_read = db.query_integer("SELECT count(*) FROM lines");
  sqlite::Statement by_fate{db,
                            "SELECT outcome, coalesce(code, ''), count(*) FROM lines JOIN commands ON number = command "
                            "GROUP BY 1, 2"};
  while (by_fate.step())
    count(balance.lines, static_cast<Outcome>(by_fate.integer(0)), std::string{by_fate.text(1)}, by_fate.integer(2));
  sqlite::Statement by_reason{db, "SELECT reason, count(*) FROM lines WHERE reason IS NOT NULL GROUP BY 1"};
  while (by_reason.step())
    balance.reported[std::string{name_of(static_cast<Reason>(by_reason.integer(0)))}] = by_reason.integer(1);
  sqlite::Statement by_kind{db, "SELECT kind, outcome, coalesce(code, ''), count(*) FROM commands GROUP BY 1, 2, 3"};
  while (by_kind.step())
    count(balance.commands.at(static_cast<std::size_t>(by_kind.integer(0))), static_cast<Outcome>(by_kind.integer(1)),
          std::string{by_kind.text(2)}, by_kind.integer(3));
  return balance;
}

void print(const Balance& balance, bool json, const Console& console) {
  if (json) return print_json(balance, console);
  print_lines(balance, console);
  console.out << '\n';
  print_commands(balance, console);
}

void write_reported(State& state, const std::filesystem::path& file) {
  const auto unfinished = file.string() + ".new";
  {
    std::ofstream out{unfinished};
    sqlite::Statement all{
        state.database(),
        "SELECT line, reason, detail, outcome, code, id FROM lines LEFT JOIN commands ON number = command "
        "WHERE reason IS NOT NULL OR outcome > 1 ORDER BY line"};
    while (all.step()) {
      out << "line " << all.integer(0) << ": ";
      if (!all.is_null(1)) {
        out << name_of(static_cast<Reason>(all.integer(1)));
        if (!all.is_null(2)) out << ": " << all.text(2);
      } else {
        out << name_of(static_cast<Outcome>(all.integer(3))) << (all.text(4).empty() ? "" : " ") << all.text(4) << ": "
            << all.text(5);
      }
      out << '\n';
    }
    out.flush();
    if (!out) throw std::system_error{errno, std::generic_category(), "cannot write " + unfinished};
  }
  std::filesystem::rename(unfinished, file);
}

}  // namespace orderly::cli::importing
