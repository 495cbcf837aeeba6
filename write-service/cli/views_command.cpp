#include <algorithm>
#include <ostream>
#include <thread>

#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/views_client.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr std::chrono::milliseconds look_again{200};

struct Options {
  ReadServiceOptions service;
  std::string name;
  bool wait = false;
};

// What is being filled: the view's next file beside the one that is served, or its first.
const rapidjson::Value* filling(const rapidjson::Value& view) {
  for (const char* name : {"replacement", "fill"}) {
    if (const auto found = view.FindMember(name); found != view.MemberEnd()) return &found->value;
  }
  return nullptr;
}

std::string percent(const rapidjson::Value& fill) {
  return with_decimals(real_in(fill, "progress").value_or(0) * 100, 1) + " %";
}

std::string whole(std::optional<double> number) { return number ? grouped(static_cast<std::int64_t>(*number)) : "-"; }

std::string time_left(const rapidjson::Value& fill) {
  const auto seconds = real_in(fill, "seconds_left");
  return seconds ? grouped(static_cast<std::int64_t>(*seconds)) + " s" : "-";
}

std::string generation(const rapidjson::Value& view, const char* name) {
  const auto number = number_in(view, name);
  return number == 0 ? "-" : std::to_string(number);
}

void add_row(Table& table, const rapidjson::Value& view) {
  const auto phase = text_in(view, "phase");
  const auto colour = phase == "live" ? Colour::green : phase == "failed" ? Colour::red : Colour::yellow;
  const auto* fill = filling(view);
  const auto reason = text_in(view, "reason");
  const auto fill_reason = fill == nullptr ? "" : text_in(*fill, "reason");
  table.add({{text_in(view, "name"), Colour::bold},
             {phase, colour},
             generation(view, "generation"),
             generation(view, "previous_generation"),
             grouped(number_in(view, "lag_messages")),
             whole(fill == nullptr ? real_in(view, "events_per_second") : real_in(*fill, "messages_per_second")),
             fill == nullptr ? "-" : percent(*fill),
             fill == nullptr ? "-" : time_left(*fill),
             reason.empty() ? fill_reason : reason});
}

// The view of that name; null when there is none.
const rapidjson::Value* find(const rapidjson::Document& views, const std::string& name) {
  const auto all = list_in(views, "items");
  const auto* view =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return text_in(one, "name") == name; });
  return view == all.end() ? nullptr : view;
}

void show_progress(const rapidjson::Value& fill, Console& console) {
  if (!console.err_is_terminal()) return;
  console.err << '\r' << percent(fill) << "  " << grouped(number_in(fill, "messages_read")) << " of "
              << grouped(number_in(fill, "messages_total")) << " messages  "
              << whole(real_in(fill, "messages_per_second")) << "/s  " << time_left(fill) << " left\x1b[K"
              << std::flush;
}

// Until the file that is served is another one.
void wait_for_swap(ReadServiceClient& client, const std::string& name, std::int64_t before, Console& console) {
  while (true) {
    const auto views = client.get("/admin/views");
    const auto* view = find(views, name);
    if (view == nullptr) throw std::runtime_error{"the read service has no view " + name + " any more"};
    const auto* fill = filling(*view);
    if (fill == nullptr) {
      if (console.err_is_terminal()) console.err << "\r\x1b[K" << std::flush;
      const auto now = number_in(*view, "generation");
      if (now == before)
        throw std::runtime_error{"view " + name + " is served from its old file: see the service's log"};
      console.out << "view " << name << " is served from generation " << now << '\n';
      return;
    }
    show_progress(*fill, console);
    std::this_thread::sleep_for(look_again);
  }
}

int replace(const Invocation& invocation, const std::string& verb, const std::string& purpose) {
  Options options;
  options::Parser parser{invocation.program, purpose + "\n\nusage: " + invocation.program + " NAME [--wait]"};
  parser.add()("name", po::value(&options.name)->required(), "the view; --name itself may be left out")(
      "wait", po::bool_switch(&options.wait), "until it is served from the other file; shows how far it is");
  options.service.add_to(parser);
  parser.positional("name", 1);
  if (!parse(parser, invocation)) return 0;
  ReadServiceClient client{options.service};
  const auto views = client.get("/admin/views");
  const auto* view = find(views, options.name);
  if (view == nullptr) throw std::runtime_error{"there is no view " + one_line(options.name)};
  const auto before = number_in(*view, "generation");
  client.post("/admin/views/" + options.name + '/' + verb);
  if (options.wait) {
    wait_for_swap(client, options.name, before, invocation.console);
  } else {
    invocation.console.out << "it has begun; orderly views list shows how far it is\n";
  }
  return 0;
}

}  // namespace

int views_list(const Invocation& invocation) {
  ReadServiceOptions service;
  OutputOptions output;
  options::Parser parser{invocation.program, "shows how each view of a read service is doing"};
  service.add_to(parser);
  output.add_to(parser);
  if (!parse(parser, invocation)) return 0;
  ReadServiceClient client{service};
  if (output.json()) {
    invocation.console.out << client.find("/admin/views").value_or("") << '\n';
    return 0;
  }
  Table table{{{.name = "view"},
               {.name = "phase"},
               {.name = "generation", .align = Align::right},
               {.name = "previous", .align = Align::right},
               {.name = "lag", .align = Align::right},
               {.name = "events/s", .align = Align::right},
               {.name = "filled", .align = Align::right},
               {.name = "left", .align = Align::right},
               {.name = "reason"}}};
  const auto views = client.get("/admin/views");
  for (const auto& view : list_in(views, "items")) add_row(table, view);
  table.print(invocation.console);
  return 0;
}

int views_rebuild(const Invocation& invocation) {
  return replace(invocation, "rebuild",
                 "fills a view anew from the first event, beside the file that is served until the new one has caught "
                 "up; that one is kept for going back");
}

int views_rollback(const Invocation& invocation) {
  return replace(invocation, "rollback", "goes back to the file that a view was served from before");
}

}  // namespace orderly::cli
